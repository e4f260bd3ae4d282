// What all surfaces need of HTTP: a request with its body and path, answers, and refusals as exceptions.
import { randomUUID } from 'node:crypto';

const LARGEST = 1_000_000;

export class Refusal extends Error {
  constructor(status, code, message, at, headers = {}) {
    super(message);
    Object.assign(this, { status, code, at, headers });
  }
}

export async function taken(message) {
  const target = message.url.replace(/^https?:\/\/[^/?#]*/i, '') || '/';
  const [path, query = ''] = target.split(/\?(.*)/s);
  const pieces = [];
  let size = 0;
  for await (const piece of message) {
    size += piece.length;
    if (size <= LARGEST) pieces.push(piece);
  }
  return {
    id: `node-${randomUUID()}`, method: message.method, path, query, headers: message.headers, raw: message.rawHeaders, size,
    body: Buffer.concat(pieces),
  };
}

export function segments(path) {
  return path.split('/').slice(1).map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return null;
    }
  });
}

/** The JSON value of a request's body. `names` are the codes of a surface for what may be wrong with it. */
export function json(request, names) {
  if (request.size > LARGEST) throw new Refusal(413, names.invalid, 'The body is too large.');
  const [type, ...parameters] = (request.headers['content-type'] ?? '').split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((part) => part.startsWith('charset='))?.slice(8).replaceAll('"', '');
  const encoded = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase() !== 'identity';
  if (request.size > 0 && (type !== 'application/json' || encoded || (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8'))) {
    throw new Refusal(415, names.media, 'The body must be application/json.');
  }
  if (request.size === 0) throw new Refusal(400, names.json, 'There is no body.');
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(request.body);
    const value = JSON.parse(text);
    if (!repeats(text)) return value;
  } catch {
    throw new Refusal(400, names.json, 'The body is no JSON.');
  }
  throw new Refusal(400, names.json, 'A name stands twice in one object of the body.');
}

/** Whether a name stands twice in one object of a text that is JSON, which JSON.parse does not tell. */
export function repeats(text) {
  const open = [];
  for (const [token, colon] of text.matchAll(/[{}[\]]|"[^"\\]*(?:\\.[^"\\]*)*"(?:\s*(:))?/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (colon) {
      const name = JSON.parse(token.slice(0, token.lastIndexOf('"') + 1));
      if (open.at(-1).has(name)) return true;
      open.at(-1).add(name);
    }
  }
  return false;
}

/** Whether every text in a value can be written as UTF-8. */
export function wellFormed(value) {
  if (typeof value === 'string') return !/[\ud800-\udfff]/u.test(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, inner]) => wellFormed(name) && wellFormed(inner));
}

export function answer(response, request, { status, body = null, type = 'application/json', headers = {} }) {
  const content = body === null ? Buffer.alloc(0) : Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const fields = { 'X-Request-Id': request.id, ...headers };
  if (status !== 204 && status !== 304) fields['Content-Length'] = content.length;
  if (body !== null) fields['Content-Type'] = type;
  response.writeHead(status, fields);
  response.end(request.method === 'HEAD' ? undefined : content);
}
