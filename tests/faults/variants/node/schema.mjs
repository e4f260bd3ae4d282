// The keywords of JSON Schema that the contract's requests use, interpreted. An unknown keyword is an error, never ignored.
import { isIPv4, isIPv6 } from 'node:net';

const SAYS_NOTHING = new Set(['description', 'examples', 'default', 'discriminator', 'x-behavior', 'writeOnly', 'readOnly', 'title']);
const CHECKS = {
  type: (said, value) => [].concat(said).some((kind) => isOf(kind, value)),
  enum: (said, value) => said.some((one) => equal(one, value)),
  const: (said, value) => equal(said, value),
  pattern: (said, value) => typeof value !== 'string' || new RegExp(said, 'u').test(value),
  format: (said, value) => !(said in FORMATS) || FORMATS[said](value),
  minimum: (said, value) => typeof value !== 'number' || value >= said,
  maximum: (said, value) => typeof value !== 'number' || value <= said,
  minLength: (said, value) => typeof value !== 'string' || [...value].length >= said,
  maxLength: (said, value) => typeof value !== 'string' || [...value].length <= said,
  minItems: (said, value) => !Array.isArray(value) || value.length >= said,
  maxItems: (said, value) => !Array.isArray(value) || value.length <= said,
  uniqueItems: (said, value) => !said || !Array.isArray(value) || value.every((one, i) => !value.slice(0, i).some((other) => equal(one, other))),
};
const CODES = { required: 'parameter_missing', additionalProperties: 'parameter_unknown' };

export function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOf(kind, value) {
  switch (kind) {
    case 'null': return value === null;
    case 'integer': return Number.isInteger(value);
    case 'number': return typeof value === 'number';
    case 'array': return Array.isArray(value);
    case 'object': return isObject(value);
    default: return typeof value === kind;
  }
}

export function equal(a, b) {
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((one, i) => equal(one, b[i]));
  if (!isObject(a)) return a === b;
  const names = Object.keys(a);
  return isObject(b) && names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && equal(a[name], b[name]));
}

const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const ATOMS = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const QUOTED = /^"(?:[ !#-[\]-~]|\\[ -~])*"$/;
const HEX = '%[0-9A-Fa-f]{2}';
const PCHAR = `(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|${HEX})`;
const URI = new RegExp(
  `^[A-Za-z][A-Za-z0-9+.-]*:(?://(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|${HEX})*@)?(\\[[^\\]]*\\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|${HEX})*)(?::[0-9]*)?(?:/${PCHAR}*)*`
  + `|/(?:${PCHAR}+(?:/${PCHAR}*)*)?|${PCHAR}+(?:/${PCHAR}*)*|)(?:\\?(?:${PCHAR}|[/?])*)?(?:#(?:${PCHAR}|[/?])*)?$`,
);
const FORMATS = {
  int32: (value) => typeof value !== 'number' || (value >= -(2 ** 31) && value < 2 ** 31),
  email: (value) => typeof value !== 'string' || isEmail(value),
  uri: (value) => typeof value !== 'string' || isUri(value),
};

function isEmail(text) {
  const at = text.lastIndexOf('@'), local = text.slice(0, at), domain = text.slice(at + 1);
  if (at < 1 || local.length > 64 || !(ATOMS.test(local) || QUOTED.test(local))) return false;
  if (domain.startsWith('[') && domain.endsWith(']')) {
    const address = domain.slice(1, -1);
    return /^ipv6:/i.test(address) ? isIPv6(address.slice(5)) : isIPv4(address);
  }
  const labels = domain.split('.');
  return domain.length <= 253 && labels.every((label) => LABEL.test(label) && (label.slice(2, 4) !== '--' || isALabel(label)));
}

function isALabel(label) {
  if (!/^xn--/i.test(label)) return false;
  try {
    return new URL(`http://${label}.example/`).hostname !== '';
  } catch {
    return false;
  }
}

function isUri(text) {
  const found = URI.exec(text);
  if (found === null) return false;
  const host = found[1] ?? '';
  return !host.startsWith('[') || (isIPv6(host.slice(1, -1)) && !host.includes('%')) || /^\[v[0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+\]$/i.test(host);
}

export class Schemas {
  constructor(document) {
    this.document = document;
  }

  at(reference) {
    return reference.slice(2).split('/').reduce((value, part) => value[part.replaceAll('~1', '/').replaceAll('~0', '~')], this.document);
  }

  /** What is wrong with a value: each with its place, a list of names and indexes, a code and a message. */
  wrong(schema, value, place = []) {
    const found = [];
    for (const [word, said] of Object.entries(schema)) found.push(...this.ofWord(word, said, schema, value, place));
    return found;
  }

  ofWord(word, said, schema, value, place) {
    if (word in CHECKS) {
      return CHECKS[word](said, value) ? [] : [{ place, code: 'parameter_invalid', message: `breaks ${word}: ${JSON.stringify(said)}` }];
    }
    switch (word) {
      case '$ref': return this.wrong(this.at(said), value, place);
      case 'oneOf': return this.ofBranches(said, value, place);
      case 'items': return Array.isArray(value) ? value.flatMap((one, i) => this.wrong(said, one, [...place, i])) : [];
      case 'properties':
        return isObject(value) ? Object.keys(value).filter((name) => Object.hasOwn(said, name)).flatMap((name) => this.wrong(said[name], value[name], [...place, name])) : [];
      case 'required':
        return isObject(value) ? said.filter((name) => !Object.hasOwn(value, name)).map((name) => one(word, [...place, name], 'is missing')) : [];
      case 'additionalProperties':
        if (said !== false) throw new Error('additionalProperties is not false');
        return isObject(value) ? Object.keys(value).filter((name) => !Object.hasOwn(schema.properties ?? {}, name)).map((name) => one(word, [...place, name], 'is not known')) : [];
      default:
        if (SAYS_NOTHING.has(word)) return [];
        throw new Error(`the keyword ${word} is not known`);
    }
  }

  ofBranches(branches, value, place) {
    const found = branches.map((branch) => this.wrong(branch, value, place));
    if (found.filter((wrong) => wrong.length === 0).length === 1) return [];
    return [{ place, code: 'parameter_invalid', message: 'is none of the forms that it may have' }];
  }
}

function one(word, place, message) {
  return { place, code: CODES[word], message };
}
