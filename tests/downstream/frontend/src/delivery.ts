// A buyer's delivery form: an address goes in, ways of delivery come out, one is picked.
import { put, Refused, type Address, type View } from "./api";

const exponents: Record<string, number> = { JPY: 0, KWD: 3 };

/** An amount in its currency's minor unit, as people read it. */
export function price(amount: number, currency: string): string {
  return new Intl.NumberFormat("en", { style: "currency", currency }).format(amount / 10 ** (exponents[currency] ?? 2));
}

/** Sets the address; what may be picked then, or why not. */
export async function ship(base: string, session: string, address: Address): Promise<View | string> {
  try {
    return await put(base, "setDinteroAddresses", session, { shipping_address: address });
  } catch (error) {
    if (error instanceof Refused && error.status === 400) return error.message;
    throw error;
  }
}

/** The ways of delivery that a session offers, each with its price. */
export function choices(view: View): string[] {
  return (view.express.shipping_options ?? []).map((option) => `${option.title}: ${price(option.amount, view.order.currency)}`);
}

/** Picks the way of delivery with an id; the total then. */
export async function pick(base: string, session: string, view: View, id: string): Promise<string> {
  const option = view.express.shipping_options?.find((one) => one.id === id);
  if (option === undefined) throw new RangeError(`no way of delivery has the id ${id}`);
  const { pay_in_store: offered, ...chosen } = option; // an answer may leave out the type of this, and a request may not
  const type = offered?.type;
  const { order } = await put(base, "setDinteroShippingOption", session, type ? { ...chosen, pay_in_store: { type } } : chosen);
  return price(order.amount, order.currency);
}
