// A parcel tracker on Node alone. `node server.mjs --port 0 --fault ID`
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

export const FAULTS = {
  'number-lower': 'a number in lower case is taken for the one in upper case',
  'lang-unchecked': 'any text is a language',
  'grams-unchecked': 'grams below 1 are taken',
  'from-optional': 'from may be left out',
  'services-twice': 'a service may be asked for twice',
  'since-crash': 'a day that is in no calendar makes it fail',
  'state-unknown': 'a parcel shows a state that is not declared',
  'days-text': 'days are texts',
  'due-empty': 'a parcel without a day shows an empty text',
  'email-unchecked': 'any text is an e-mail address',
  'address-open': 'an address may have members that are not known',
  'pickup-of-others': 'pickups of another customer are shown',
  'change-of-others': 'pickups of another customer can be changed',
  'change-loses': 'a change loses the phone number',
  'change-empty': 'a change without a member is taken',
  'key-anywhere': 'the key counts in a header as well',
  'rates-open': 'rates ask for no key',
  'booked-200': 'a pickup is answered with 200',
  'errors-html': 'refusals are HTML',
};

const { values: given } = parseArgs({ options: { port: { type: 'string', default: '0' }, fault: { type: 'string' } } });
const fault = given.fault;
const KEYS = { 'pk-7d20e4ab91': 'ada', 'pk-c5f3386e0d': 'bob' };
const COUNTRY = /^[A-Z]{2}$/, PHONE = /^\+[1-9][0-9]{6,14}$/, ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const EMAIL = new RegExp(`^(?:${ATOM}(?:\\.${ATOM})*|"(?:[ !#-\\[\\]-~]|\\\\[ -~])*")@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$`);
const IN_BRACKETS = /@\[(?:[0-9.]+|IPv6:[0-9A-Fa-f:.]+)\]$/i;
const pickups = new Map();
let last = 4100;
const PARCELS = {
  PX000000017NO: { number: 'PX000000017NO', state: 'moving', page: 'https://parcels.example/PX000000017NO', due: '2026-12-01', events: [
    { at: '2026-11-26T08:15:00Z', place: 'NO', text: 'Handed in' }, { at: '2026-11-27T03:40:12+01:00', place: 'SE', text: 'In a lorry' }] },
  PX000000025NO: { number: 'PX000000025NO', state: 'announced', page: 'https://parcels.example/PX000000025NO', due: null, events: [] },
};

class Bad extends Error {
  constructor(status, message, field) {
    super(message);
    Object.assign(this, { status, field });
  }
}

function isDay(text) {
  if (typeof text !== 'string' || !/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text)) return false;
  const [year, month, day] = text.split('-').map(Number);
  const days = [31, year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

function isEmail(text) {
  return typeof text === 'string' && text.lastIndexOf('@') <= 64 && (EMAIL.test(text) || IN_BRACKETS.test(text));
}

function length(text) {
  return [...text].length;
}

const FIELDS = {
  day: (value) => isDay(value),
  email: (value) => (fault === 'email-unchecked' ? typeof value === 'string' : isEmail(value)),
  phone: (value) => typeof value === 'string' && PHONE.test(value),
  note: (value) => typeof value === 'string' && length(value) <= 200,
  parcels: (value) => Number.isInteger(value) && value >= 1 && value <= 50,
  address: (value) => isObject(value) && known(value, ADDRESS, fault === 'address-open') && ['street', 'zip', 'country'].every((name) => Object.hasOwn(value, name)),
};
const ADDRESS = {
  street: (value) => typeof value === 'string' && length(value) >= 1 && length(value) <= 80,
  zip: (value) => typeof value === 'string' && /^[0-9]{4,6}$/.test(value),
  country: (value) => typeof value === 'string' && COUNTRY.test(value),
};

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function known(value, fields, open = false) {
  return Object.entries(value).every(([name, inner]) => (Object.hasOwn(fields, name) ? fields[name](inner) : open));
}

function body(request, fields, required) {
  if (request.content.length > 100_000) throw new Bad(413, 'too large');
  if ((request.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase() !== 'application/json') throw new Bad(415, 'not JSON');
  if (/charset=(?!"?utf-8)/i.test(request.headers['content-type'])) throw new Bad(415, 'not UTF-8');
  let value;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(request.content));
  } catch {
    throw new Bad(400, 'no JSON');
  }
  if (!isObject(value)) throw new Bad(400, 'no object');
  const missing = required.find((name) => !Object.hasOwn(value, name));
  if (missing) throw new Bad(400, 'is missing', missing);
  const wrong = Object.keys(value).find((name) => !Object.hasOwn(fields, name) || !fields[name](value[name]));
  if (wrong !== undefined) throw new Bad(400, 'is wrong', wrong.slice(0, 50));
  return value;
}

/** A query parameter that is given at most once. */
function single(request, name, check, { required = false, usual } = {}) {
  const found = request.query.getAll(name);
  if (found.length === 0 && !required) return usual;
  if (found.length !== 1 || !check(found[0])) throw new Bad(400, 'is wrong', name);
  return found[0];
}

function customer(request) {
  const inHeader = fault === 'key-anywhere' ? request.headers.key ?? request.headers['x-api-key'] ?? request.headers.authorization?.replace(/^Bearer /i, '') : undefined;
  const keys = request.query.getAll('key'), key = keys.length === 1 ? keys[0] : inHeader;
  if (key === undefined || !Object.hasOwn(KEYS, key)) throw new Bad(401, 'this key is not known');
  return KEYS[key];
}

function track(request, number) {
  customer(request);
  if (fault === 'number-lower') number = number.toUpperCase();
  if (!/^[A-Z]{2}[0-9]{9}[A-Z]{2}$/.test(number)) throw new Bad(400, 'is no number', 'number');
  single(request, 'lang', (text) => fault === 'lang-unchecked' || ['en', 'nb', 'de'].includes(text));
  const since = single(request, 'since', (text) => (fault === 'since-crash' ? /^\d{4}-\d{2}-\d{2}$/.test(text) : isDay(text)));
  if (since !== undefined && !isDay(since)) throw new RangeError('Invalid time value');
  if (!Object.hasOwn(PARCELS, number)) throw new Bad(404, 'there is no such parcel');
  const parcel = PARCELS[number], shown = { ...parcel, events: parcel.events.filter((event) => since === undefined || event.at.slice(0, 10) >= since) };
  if (fault === 'state-unknown' && shown.state === 'moving') shown.state = 'in_transit';
  if (fault === 'due-empty' && shown.due !== null) shown.due = '';
  return { status: 200, value: shown };
}

function rates(request) {
  if (fault !== 'rates-open' || request.query.has('key')) customer(request);
  single(request, 'from', (text) => COUNTRY.test(text), { required: fault !== 'from-optional' });
  single(request, 'to', (text) => COUNTRY.test(text), { required: true });
  const most = 35_000, least = fault === 'grams-unchecked' ? -most : 1;
  const grams = Number(single(request, 'grams', (text) => /^(?:0|-?[1-9][0-9]*)$/.test(text) && Number(text) >= least && Number(text) <= most, { required: true }));
  const insured = single(request, 'insured', (text) => ['true', 'false'].includes(text), { usual: 'false' }) === 'true';
  const all = ['letter', 'home', 'shop'];
  const asked = single(request, 'service', (text) => {
    const names = text.split(',');
    return names.length <= 3 && names.every((name) => all.includes(name)) && (fault === 'services-twice' || new Set(names).size === names.length);
  });
  const chosen = asked === undefined ? all : all.filter((name) => asked.split(',').includes(name));
  const days = fault === 'days-text' ? ['1', '3'] : [1, 3];
  const value = chosen.map((service, i) => ({ service, cents: 500 * (i + 1) + Math.max(0, grams) + (insured ? 990 : 0), days }));
  return { status: 200, value, headers: { 'Cache-Control': 'max-age=300' } };
}

function shown({ customer: _, address: __, ...pickup }) {
  return pickup;
}

function book(request) {
  const whose = customer(request), value = body(request, FIELDS, ['day', 'email', 'address', 'parcels']);
  const pickup = { pickupId: ++last, customer: whose, booked: new Date().toISOString(), ...value };
  pickups.set(pickup.pickupId, pickup);
  return { status: fault === 'booked-200' ? 200 : 202, value: shown(pickup) };
}

function found(request, id, others) {
  const whose = customer(request);
  if (!/^[1-9][0-9]{0,18}$/.test(id)) throw new Bad(400, 'is no id', 'pickupId');
  if (BigInt(id) >= 2n ** 63n) throw new Bad(400, 'is no id', 'pickupId');
  const pickup = pickups.get(Number(id));
  if (pickup === undefined || (pickup.customer !== whose && fault !== others)) throw new Bad(404, 'there is no such pickup');
  return pickup;
}

function change(request, id) {
  const pickup = found(request, id, 'change-of-others');
  const value = body(request, { day: FIELDS.day, phone: FIELDS.phone, note: FIELDS.note }, []);
  if (Object.keys(value).length === 0 && fault !== 'change-empty') throw new Bad(400, 'nothing is changed');
  Object.assign(pickup, value);
  if (fault === 'change-loses') delete pickup.phone;
  return { status: 200, value: shown(pickup) };
}

function operations(path) {
  const [, version, kind, id, more] = path.split('/');
  if (version !== 'v3' || more !== undefined) return null;
  if (kind === 'rates' && id === undefined) return { GET: rates };
  if (kind === 'parcels' && id) return { GET: (request) => track(request, id) };
  if (kind === 'pickups' && id === undefined) return { POST: book };
  if (kind === 'pickups' && id) return { GET: (request) => ({ status: 200, value: shown(found(request, id, 'pickup-of-others')) }), PATCH: (request) => change(request, id) };
  return null;
}

function answered(request) {
  try {
    const methods = operations(decodeURIComponent(request.path));
    if (methods === null) throw new Bad(404, 'there is nothing here');
    const work = methods[request.method === 'HEAD' ? 'GET' : request.method];
    if (work === undefined) return { status: 405, value: { errors: [{ message: 'not this method' }] }, headers: { Allow: Object.keys(methods).join(', ') } };
    return work(request);
  } catch (error) {
    if (error instanceof URIError) return { status: 400, value: { errors: [{ message: 'not a path' }] } };
    if (!(error instanceof Bad)) return { status: 500, value: { errors: [{ message: 'something went wrong' }] } };
    const headers = error.status === 401 ? { 'WWW-Authenticate': 'Key' } : {};
    const one = error.field === undefined ? { message: error.message } : { field: error.field, message: error.message };
    return { status: error.status, value: { errors: [one] }, headers };
  }
}

const server = createServer(async (message, response) => {
  const pieces = [];
  try {
    for await (const piece of message) pieces.push(piece);
  } catch {
    return;
  }
  const [path, query = ''] = message.url.split(/\?(.*)/s);
  const request = { method: message.method, path, query: new URLSearchParams(query), headers: message.headers, content: Buffer.concat(pieces) };
  const { status, value, headers = {} } = answered(request);
  const html = fault === 'errors-html' && status >= 400 && status !== 405;
  const content = html ? `<h1>${status}</h1>` : JSON.stringify(value);
  response.writeHead(status, { 'Content-Type': html ? 'text/html' : 'application/json', 'Content-Length': Buffer.byteLength(content), ...headers });
  response.end(message.method === 'HEAD' ? undefined : content);
});
server.keepAliveTimeout = 60_000;
server.listen(Number(given.port), '127.0.0.1', () => console.log(`ready at http://127.0.0.1:${server.address().port}`));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
