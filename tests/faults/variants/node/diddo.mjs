// The Diddo surface: live carts, their shipping, customer tokens, and QR codes.
import { createHmac, randomBytes } from 'node:crypto';
import { Refusal, json, wellFormed } from './http.mjs';
import * as qr from './qr.mjs';

const HOUR = 3_600_000, LIFE = 2 * HOUR;
const NAMES = { json: 'INVALID_REQUEST', media: 'UNSUPPORTED_MEDIA_TYPE', invalid: 'INVALID_REQUEST' };
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const METHODS = [{ id: 0, title: 'Post', amount: 390 }, { id: 7, title: 'Courier – today', amount: 2490, countries: ['NO', 'SE', 'US'] }];
const TAXES = { NO: 25, DE: 19, US: 8 };
const NOWHERE = new Set(['AQ', 'BV', 'HM']);
const MOVES = { initialized: ['in_progress'], in_progress: ['succeeded', 'failed', 'cancelled'] };

function base32(number, length) {
  let text = '';
  for (let i = 0; i < length; i++, number >>= 5n) text = CROCKFORD[Number(number & 31n)] + text;
  return text;
}

/** The ULID in upper case that a cart's id stands for. */
export function ulid(id) {
  return id.length === 26 ? id.toUpperCase() : base32(BigInt(`0x${id.replaceAll('-', '')}`), 26);
}

export function errorBody(refusal) {
  return { code: refusal.code, message: refusal.message, ...(refusal.at ? { errors: [{ field: refusal.at, message: refusal.message }] } : {}) };
}

function notFound(status) {
  return new Refusal(status, 'CART_NOT_FOUND', 'No cart has this id.');
}

function refusedBy(cart) {
  if (cart.status === 'succeeded') return new Refusal(409, 'ALREADY_SUBMITTED', 'This cart has been paid for.');
  return new Refusal(409, 'CHECKOUT_ENDED', 'This checkout is over.');
}

export class Diddo {
  constructor(schemas, clock, keys, templates) {
    Object.assign(this, { schemas, clock, keys, templates });
    this.secret = randomBytes(32);
    this.reset();
  }

  reset() {
    this.carts = new Map();
  }

  holder(request, writes) {
    const [scheme, ...rest] = (request.headers.authorization ?? '').split(' ');
    const holder = scheme.toLowerCase() === 'bearer' ? this.keys.get(rest.join(' ').trim()) : undefined;
    if (holder === undefined) throw new Refusal(401, 'UNAUTHORIZED', 'The key is not valid.', undefined, { 'WWW-Authenticate': 'Bearer realm="node"' });
    if (writes && holder.access !== 'full') throw new Refusal(403, 'FORBIDDEN', 'This key may only read.');
    return holder;
  }

  valid(request, name) {
    const body = json(request, NAMES), [first] = this.schemas.wrong(this.schemas.at(`#/components/schemas/${name}`), body);
    if (first !== undefined) throw new Refusal(400, 'INVALID_REQUEST', `It ${first.message}.`, first.place.join('.') || undefined);
    if (!wellFormed(body)) throw new Refusal(400, 'INVALID_REQUEST', 'A text has half a character.');
    return body;
  }

  id(text) {
    if (text === null || this.schemas.wrong(this.schemas.at('#/components/schemas/DiddoCartId'), text).length) {
      throw new Refusal(400, 'INVALID_REQUEST', 'This is neither a ULID nor a UUID.', 'cart_id');
    }
    return ulid(text);
  }

  template(request, id, writes) {
    const holder = this.holder(request, writes), template = this.templates.get(this.id(id));
    if (template === undefined || template.merchant !== holder.merchant) throw notFound(404);
    return template;
  }

  begin(request, id) {
    const template = this.template(request, id, true), now = this.clock.now();
    const key = base32((BigInt(now) << 80n) | BigInt(`0x${randomBytes(10).toString('hex')}`), 26);
    const cart = { id: key, template, merchant: template.merchant, status: 'initialized', expires: now + LIFE, buyer: {}, method: null };
    this.carts.set(key, cart);
    return { status: 200, body: this.shown(cart), headers: { 'Cache-Control': 'no-store' } };
  }

  cart(holder, id) {
    const cart = this.carts.get(id);
    if (cart === undefined || cart.merchant !== holder.merchant || this.clock.now() >= cart.expires) throw notFound(400);
    return cart;
  }

  shipping(request) {
    const holder = this.holder(request, true), body = this.valid(request, 'DiddoShippingRequest');
    const intent = body.payment_intent_id?.replace(/^pi-/, '');
    if (body.cart_id === undefined && intent === undefined) throw new Refusal(400, 'INVALID_REQUEST', 'Neither id is there.', 'cart_id');
    const id = body.cart_id === undefined ? intent : ulid(body.cart_id);
    if (intent !== undefined && (intent !== id || !body.payment_intent_id.startsWith('pi-'))) {
      if (body.cart_id !== undefined) throw new Refusal(400, 'INVALID_REQUEST', 'The two ids are not of one cart.', 'payment_intent_id');
      throw notFound(400);
    }
    const cart = this.cart(holder, id);
    if (!['initialized', 'in_progress'].includes(cart.status)) throw refusedBy(cart);
    const buyer = { ...cart.buyer, ...body.buyer_info };
    if (NOWHERE.has(buyer.country_code)) throw new Refusal(422, 'ADDRESS_NOT_SERVICEABLE', 'Nothing is sent there.', 'buyer_info.country_code');
    Object.assign(cart, { buyer, status: 'in_progress' });
    if (!this.methods(cart).some((method) => method.id === cart.method)) cart.method = null;
    return { status: 200, body: this.shown(cart), headers: { 'Cache-Control': 'no-store' } };
  }

  method(request) {
    const holder = this.holder(request, true), body = this.valid(request, 'DiddoShippingMethodRequest'), cart = this.cart(holder, ulid(body.cart_id));
    if (!['initialized', 'in_progress'].includes(cart.status)) throw refusedBy(cart);
    if (!this.methods(cart).some((method) => method.id === body.shipping_method_id)) {
      throw new Refusal(400, 'SHIPPING_METHOD_NOT_FOUND', 'The cart has no such method.', 'shipping_method_id');
    }
    cart.method = body.shipping_method_id;
    return { status: 200, body: this.shown(cart), headers: { 'Cache-Control': 'no-store' } };
  }

  token(request) {
    this.holder(request, true);
    this.valid(request, 'DiddoBuyerInfo');
    const issued = Math.floor(this.clock.now() / 1000), ends = issued + 24 * 3600, part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ exp: ends, iat: issued, jti: randomBytes(18).toString('base64url') })}`;
    const cst = `${signed}.${createHmac('sha256', this.secret).update(signed).digest('base64url')}`;
    return { status: 200, body: { expires_at: new Date(ends * 1000).toISOString(), cst }, headers: { 'Cache-Control': 'no-store' } };
  }

  methods({ buyer }) {
    const country = buyer.country_code;
    return country === undefined ? [] : METHODS.filter((method) => !method.countries || method.countries.includes(country));
  }

  shown(cart) {
    const lines = cart.template.lines.map((line) => ({ ...line, total_amount: line.unit_amount * line.quantity }));
    const methods = this.methods(cart), subtotal = lines.reduce((sum, line) => sum + line.total_amount, 0);
    const tax = Math.floor((subtotal * (TAXES[cart.buyer.country_code] ?? 0) + 50) / 100), shipping = methods.find((method) => method.id === cart.method)?.amount ?? 0;
    const made = {
      cart_id: cart.id, template_cart_id: cart.template.id, status: cart.status, expires_at: new Date(cart.expires).toISOString(),
      checkout_url: `https://pay.node.example/cart?cart_id=${cart.id}`, lines,
      cost: { subtotal, shipping, tax, total: subtotal + shipping + tax, currency: cart.template.currency },
      shipping_methods: methods.map(({ id, title, amount }) => ({ id, title, amount })),
    };
    return cart.method === null ? made : { ...made, shipping_method_id: cart.method };
  }

  /** A code of a template, in a fixed format, or in the one that `Accept` prefers. */
  code(request, id, kind) {
    const template = this.template(request, id, false), size = this.size(request.query), chosen = kind ?? accepted(request.headers.accept);
    const held = request.headers['if-none-match'];
    if (held === '') throw new Refusal(400, 'INVALID_REQUEST', 'There is no tag in it.', 'If-None-Match');
    const text = `https://pay.node.example/begin?cart_id=${template.id}`, tag = qr.tag(text, chosen, size);
    const headers = { ETag: tag, 'Cache-Control': 'private, max-age=60', ...(kind === undefined ? { Vary: 'Accept' } : {}) };
    if (held !== undefined && (held.trim() === '*' || (held.match(/"[^"]*"/g) ?? []).includes(tag))) return { status: 304, headers };
    const type = chosen === 'png' ? 'image/png' : 'image/svg+xml';
    return { status: 200, body: qr[chosen](text, size), type, headers };
  }

  size(query) {
    const given = new URLSearchParams(query).getAll('size');
    if (given.length === 0) return 300;
    const size = Number(given[0]);
    if (given.length > 1 || !/^[0-9]+$/.test(given[0]) || size < 128 || size > 1024) {
      throw new Refusal(400, 'INVALID_REQUEST', 'It is a whole number from 128 to 1024.', 'size');
    }
    return size;
  }

  move(id, to) {
    const cart = this.carts.get(id);
    if (cart === undefined) return 404;
    if (cart.status !== to && !MOVES[cart.status]?.includes(to)) return 409;
    cart.status = to;
    return 200;
  }
}

/** PNG, unless SVG is preferred. */
function accepted(header) {
  if (header === undefined) return 'png';
  const ranges = header.split(',').map((part) => {
    const [range, ...parameters] = part.trim().toLowerCase().split(';').map((word) => word.trim());
    const weight = parameters.find((word) => word.startsWith('q='));
    return { range, q: weight === undefined ? 1 : Number(weight.slice(2)) || 0 };
  });
  const of = (type) => [type, 'image/*', '*/*'].map((range) => ranges.find((one) => one.range === range)).find((one) => one !== undefined)?.q ?? 0;
  return of('image/svg+xml') > of('image/png') ? 'svg' : 'png';
}
