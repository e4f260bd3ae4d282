// The VINR surface: sessions, their results, and idempotency keys.
import { randomBytes } from 'node:crypto';
import { equal } from './schema.mjs';
import { Refusal, json, wellFormed } from './http.mjs';

const MINUTE = 60_000, DAY = 24 * 60 * MINUTE;
const CHALLENGE = { 'WWW-Authenticate': 'ApiKey realm="node"' };
const NAMES = { json: 'invalid_json', media: 'unsupported_media_type', invalid: 'parameter_invalid' };
const TYPES = {
  invalid_api_key: 'authentication_error', expired_api_key: 'authentication_error', permission_denied: 'authentication_error',
  internal_error: 'api_error',
};
const MOVES = {
  pending: ['authentication_required', 'completed', 'failed', 'canceled', 'expired'],
  authentication_required: ['completed', 'failed', 'expired'],
};

export function errorBody(refusal, request) {
  const error = { type: TYPES[refusal.code] ?? 'invalid_request_error', code: refusal.code, message: refusal.message, request_id: request.id };
  if (refusal.at) error.param = refusal.at;
  return { error };
}

function param(place) {
  return place.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('').replace(/^\./, '') || undefined;
}

function broken(code, message, place) {
  return new Refusal(400, code, message, param(place));
}

function firstTwice(list) {
  return (list ?? []).findIndex((one, i) => list.findIndex((other) => other.id === one.id) !== i);
}

/** The first rule across fields that a valid body breaks. */
function brokenRule(body) {
  if (body.cartItems !== undefined) {
    const sum = body.cartItems.reduce((all, item) => all + item.price * item.quantity, 0);
    if (sum !== body.amount) return broken('amount_mismatch', `The lines of the cart come to ${sum}.`, ['amount']);
    const at = body.cartItems.findIndex((item) => item.maxQuantity !== undefined && item.maxQuantity < item.quantity);
    if (at >= 0) return broken('parameter_invalid', 'maxQuantity is less than quantity.', ['cartItems', at, 'maxQuantity']);
  }
  const delivery = body.metadata?.delivery, methods = delivery?.options?.shipping?.methods, locations = delivery?.options?.pickup?.locations;
  const top = ['metadata', 'delivery', 'options'], inMethods = [...top, 'shipping', 'methods'];
  if (delivery?.enabled && !methods?.length && !locations?.length) return broken('parameter_invalid', 'There is nothing to choose from.', top);
  for (const [at, method] of (methods ?? []).entries()) {
    if (method.currency !== body.currency && !body.supportedCurrencies?.includes(method.currency)) {
      return broken('parameter_invalid', 'Nobody can pay in this currency.', [...inMethods, at, 'currency']);
    }
    if (method.estimatedDays && method.estimatedDays.min > method.estimatedDays.max) {
      return broken('parameter_invalid', 'min is more than max.', [...inMethods, at, 'estimatedDays', 'min']);
    }
  }
  if (firstTwice(methods) >= 0) return broken('parameter_invalid', 'Two methods have this id.', [...inMethods, firstTwice(methods), 'id']);
  if (firstTwice(locations) >= 0) return broken('parameter_invalid', 'Two locations have this id.', [...top, 'pickup', 'locations', firstTwice(locations), 'id']);
  return null;
}

function charged(session, { promoCode, shippingMethod, currency = session.body.currency }) {
  const { body } = session, promo = body.metadata?.promoCode;
  const code = promo?.enabled ? promo.availableCodes?.find((one) => one.code === promoCode) : undefined;
  let amount = body.amount;
  if (code?.discountType === 'percentage') amount -= Math.floor((amount * Math.round(code.discount * 1e6) + 5e7) / 1e8);
  if (code?.discountType === 'fixed') amount = Math.max(0, amount - code.discount);
  const method = body.metadata?.delivery?.options?.shipping?.methods?.find((one) => one.id === shippingMethod);
  return { amount: amount + (method?.price ?? 0), currency };
}

export class Vinr {
  constructor(schemas, clock, keys) {
    Object.assign(this, { schemas, clock, keys });
    this.schema = schemas.at('#/components/schemas/VinrSessionRequest');
    this.reset();
  }

  reset() {
    this.sessions = new Map();
    this.kept = new Map();
  }

  holder(request) {
    const key = request.headers['x-api-key'], holder = this.keys.get(key);
    if (holder === undefined) throw new Refusal(401, 'invalid_api_key', 'No such API key.', 'X-Api-Key', CHALLENGE);
    if (holder.expired) throw new Refusal(401, 'expired_api_key', 'This API key has expired.', 'X-Api-Key', CHALLENGE);
    return { key, ...holder };
  }

  create(request) {
    const holder = this.holder(request);
    if (holder.access !== 'full') throw new Refusal(403, 'permission_denied', 'This key may only read.');
    const name = request.headers['idempotency-key'];
    if (name !== undefined && (name.length < 1 || name.length > 255)) {
      throw new Refusal(400, 'parameter_invalid', 'The key has 1 to 255 characters.', 'Idempotency-Key');
    }
    const body = json(request, NAMES), [first] = this.schemas.wrong(this.schema, body);
    if (first !== undefined) throw broken(first.code, `It ${first.message}.`, first.place);
    if (!wellFormed(body)) throw new Refusal(400, 'invalid_json', 'A text has half a character.');
    const rule = brokenRule(body);
    if (rule !== null) throw rule;
    return this.carriedOut(holder, name, body);
  }

  carriedOut(holder, name, body) {
    const now = this.clock.now(), key = JSON.stringify([holder.key, name]), kept = name === undefined ? undefined : this.kept.get(key);
    if (kept !== undefined && now < kept.until) {
      if (!equal(kept.body, body)) throw new Refusal(409, 'idempotency_key_reused', 'This key was used with another body.', 'Idempotency-Key');
      return { ...kept.answer, headers: { ...kept.answer.headers, 'Idempotent-Replayed': 'true' } };
    }
    const id = `cs-${randomBytes(18).toString('base64url')}`, expires = now + 5 * MINUTE;
    this.sessions.set(id, { id, merchant: holder.merchant, body, status: 'pending', expires, amount: body.amount, currency: body.currency });
    const made = {
      status: 201,
      body: JSON.stringify({
        sessionId: id, expiresAt: new Date(expires).toISOString(), checkoutUrl: `https://pay.node.example/${randomBytes(24).toString('base64url')}`,
      }),
      headers: { Location: `/checkout/session/${encodeURIComponent(id)}/result`, 'Cache-Control': 'no-store' },
    };
    if (name !== undefined) this.kept.set(key, { body, answer: made, until: now + DAY });
    return made;
  }

  status(session) {
    return session.status in MOVES && this.clock.now() >= session.expires ? 'expired' : session.status;
  }

  result(request, id) {
    const holder = this.holder(request);
    if (id === null || [...id].length < 1 || [...id].length > 255) throw new Refusal(400, 'parameter_invalid', 'No id is so long.', 'sessionId');
    const session = this.sessions.get(id);
    if (session === undefined || session.merchant !== holder.merchant) throw new Refusal(404, 'session_not_found', 'No session has this id.', 'sessionId');
    const status = this.status(session);
    if (status === 'expired' && this.clock.now() >= session.expires + DAY) throw new Refusal(410, 'session_expired', 'The session has expired.', 'sessionId');
    const body = { currency: session.currency, amount: session.amount, status, sessionId: session.id };
    const names = ['customerId', 'email', 'name'].filter((name) => session.body.customer?.[name] !== undefined);
    if (names.length) body.customer = Object.fromEntries(names.map((name) => [name, session.body.customer[name]]));
    return { status: 200, body, headers: { 'Cache-Control': 'no-store' } };
  }

  /** What a buyer does on the page. */
  move(id, to, choices) {
    const session = this.sessions.get(id);
    if (session === undefined) return 404;
    const now = this.status(session);
    if (now !== to && !MOVES[now]?.includes(to)) return 409;
    if (to === 'completed' && now !== to) Object.assign(session, charged(session, choices));
    if (to === 'expired') session.expires = Math.min(session.expires, this.clock.now());
    else session.status = to;
    return 200;
  }
}
