// A fetch that knows what the contract says: which body an operation takes, and which bodies it answers with.
import type { components, operations } from "../generated/typescript/checkout_api";

type Json<Message> = Message extends { content: { "application/json": infer Body } } ? Body : never;
type BodyOf<Name extends keyof operations> = Json<operations[Name]["requestBody"]>;
type AnswerOf<Name extends keyof operations> = operations[Name]["responses"] extends { 200: infer Answer } ? Json<Answer> : never;

export type View = components["schemas"]["DinteroSessionView"];
export type Address = components["schemas"]["DinteroAddressRequest"];

const PATHS = {
  setDinteroAddresses: (id: string) => `/view/${encodeURIComponent(id)}/session/order/addresses`,
  setDinteroShippingOption: (id: string) => `/view/${encodeURIComponent(id)}/session/order/shipping_option`,
} as const satisfies Partial<Record<keyof operations, (id: string) => string>>;

/** What the checkout refused, in its own words. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly error: components["schemas"]["DinteroError"],
  ) {
    super(error.error.message);
  }
}

/** Put a body to an operation of a session. Throws `Refused` where the checkout says no. */
export async function put<Name extends keyof typeof PATHS>(
  base: string,
  name: Name,
  session: string,
  body: BodyOf<Name>,
): Promise<AnswerOf<Name>> {
  const answer = await fetch(base + PATHS[name](session), {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Refused(answer.status, await answer.json());
  return answer.json();
}
