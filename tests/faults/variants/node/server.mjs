// VINR and Diddo by their contract, on Node alone. `node server.mjs --port 0 --contract openapi.json`
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Diddo, errorBody as diddoError } from './diddo.mjs';
import { Refusal, answer, segments, taken } from './http.mjs';
import { Schemas } from './schema.mjs';
import { Vinr, errorBody as vinrError } from './vinr.mjs';

const TEST_SECRET = 'node-hooks-9b2f61d0c7e84a35';
const VINR_KEYS = [
  ['sk_live_nodeA_4Jt8wQz2LmVb6RxK', { merchant: 'A', access: 'full' }], ['sk_live_nodeA_reads_7PcD3hYs', { merchant: 'A', access: 'read' }],
  ['sk_live_nodeA_over_Nf5Gk1Tq9XaW', { merchant: 'A', access: 'full', expired: true }],
  ['sk_live_nodeB_Ue3Zr7HyCp0BsM5d', { merchant: 'B', access: 'full' }],
];
const DIDDO_KEYS = [
  ['dk.nodeA.vM6qXo1RjE8tKw4L', { merchant: 'A', access: 'full' }], ['dk.nodeA.reads.Sb2yHn9F', { merchant: 'A', access: 'read' }],
  ['dk.nodeB.G7cTd5UzPa3QiW0f', { merchant: 'B', access: 'full' }],
];
const LINES = [
  { id: 'a', title: 'Kopp', quantity: 3, unit_amount: 1499 }, { id: 'b', title: 'Fat – stort', quantity: 1, unit_amount: 24900 },
];
const TEMPLATES = [
  { id: '01K0A1B2C3D4E5F6G7H8J9KMNP', merchant: 'A', currency: 'NOK', lines: LINES },
  { id: '01K0A1B2C3D4E5F6G7H8J9KMNQ', merchant: 'A', currency: 'JPY', lines: LINES.slice(0, 1) },
  { id: '01K0B1B2C3D4E5F6G7H8J9KMNR', merchant: 'B', currency: 'SEK', lines: LINES.slice(1) },
];

const { values: given } = parseArgs({ options: { port: { type: 'string', default: '0' }, contract: { type: 'string' } } });
const schemas = new Schemas(JSON.parse(readFileSync(given.contract, 'utf8')));
const clock = { ahead: 0, now() { return Date.now() + this.ahead; } };
const vinr = new Vinr(schemas, clock, new Map(VINR_KEYS));
const diddo = new Diddo(schemas, clock, new Map(DIDDO_KEYS), new Map(TEMPLATES.map((template) => [template.id, template])));

/** The operations of a path by their methods; null where there is no such path. */
function operations([first, second, third, ...more]) {
  if (first !== 'checkout' || more.length > 0) return null;
  if (second === 'session' && third === undefined) return { surface: 'vinr', POST: (request) => vinr.create(request) };
  if (second === 'begin' && third !== '' && third !== undefined) return { surface: 'diddo', POST: (request) => diddo.begin(request, third) };
  if (second === 'cst' && third === undefined) return { surface: 'diddo', POST: (request) => diddo.token(request) };
  if (second === 'shipping' && third === undefined) return { surface: 'diddo', POST: (request) => diddo.shipping(request) };
  if (second === 'shipping' && third === 'method') return { surface: 'diddo', POST: (request) => diddo.method(request) };
  const kind = { qr: undefined, 'qr.png': 'png', 'qr.svg': 'svg' };
  return second !== '' && Object.hasOwn(kind, third ?? '') ? { surface: 'diddo', GET: (request) => diddo.code(request, second, kind[third]) } : null;
}

function found(path) {
  const parts = segments(path), [first, second, third, fourth] = parts;
  if (first === 'checkout' && second === 'session' && parts.length === 4 && fourth === 'result' && third !== '') {
    return { surface: 'vinr', GET: (request) => vinr.result(request, third) };
  }
  return operations(parts);
}

function hooked(request) {
  if (request.headers['x-test-secret'] !== TEST_SECRET) return { status: 404 };
  const asked = request.size ? JSON.parse(request.body) : {};
  if (request.path === '/-/clock') clock.ahead += asked.seconds * 1000;
  else if (request.path === '/-/empty') { clock.ahead = 0; vinr.reset(); diddo.reset(); }
  else if (request.path === '/-/vinr/state') return { status: vinr.move(asked.id, asked.state, asked.choices ?? {}) };
  else if (request.path === '/-/diddo/state') return { status: diddo.move(asked.id, asked.state) };
  else return { status: 404 };
  return { status: 204 };
}

function answered(request) {
  if (request.path.startsWith('/-/')) return hooked(request);
  const path = found(request.path);
  if (path === null) return { status: 404, body: { message: `Cannot ${request.method} this` } };
  const methods = Object.keys(path).filter((name) => name !== 'surface'), allow = [...methods, ...(path.GET ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  if (request.method === 'OPTIONS') return { status: 204, headers: { Allow: allow } };
  const work = path[request.method === 'HEAD' ? 'GET' : request.method];
  if (work === undefined || request.method === 'surface') return { status: 405, body: { message: 'Not this method' }, headers: { Allow: allow } };
  try {
    return work(request);
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) console.error(refusal);
    const told = refusal instanceof Refusal ? refusal
      : new Refusal(500, path.surface === 'vinr' ? 'internal_error' : 'INTERNAL_ERROR', 'Something went wrong.');
    return { status: told.status, body: path.surface === 'vinr' ? vinrError(told, request) : diddoError(told), headers: told.headers };
  }
}

const server = createServer(async (message, response) => {
  try {
    const request = await taken(message);
    answer(response, request, answered(request));
  } catch (error) {
    if (!message.destroyed) console.error(error);
    response.destroy();
  }
});
server.keepAliveTimeout = 60_000;
server.listen(Number(given.port), '127.0.0.1', () => console.log(`ready at http://127.0.0.1:${server.address().port}`));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
