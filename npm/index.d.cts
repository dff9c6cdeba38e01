/** A JSON object whose members are documented in docs/how-it-works.md of interceptor. */
export interface Exchange {
  outcome: 'mocked' | 'passed' | 'unhandled' | 'failed';
  provider?: string | null;
  handler?: string;
  test?: string;
  scope?: string;
  request: Message & { method: string; url: string; path: string };
  response?: (Message & { status: number }) | null;
  [key: string]: unknown;
}

export interface Message {
  headers: [name: string, value: string][];
  body: { text: string } | { base64: string } | { size: number; sha256: string } | null;
}

/** A new test: calls are counted from the start, data is as in the files, no state is declared. */
export function beginTest(name: string): Promise<void>;
/** Declare the provider states that hold from now on, and no others. */
export function given(...names: string[]): Promise<void>;
/** Put handlers in front of all others, until a reset: YAML, or what it stands for. Resolves to where they stand. */
export function use(handlers: string | { provider?: string; handlers: object[]; [key: string]: unknown }): Promise<string[]>;
/** Requests and answers since the test began, as the journal has them. */
export function exchanges(): Promise<Exchange[]>;
/** Why requests of the test were unhandled or failed. */
export function missed(): Promise<string[]>;
/** Forget states, added handlers, counts and changed data. */
export function reset(): Promise<void>;
/** Counts of the whole run. */
export function summary(): Promise<Record<string, unknown>>;
/** What requests of another process, such as a browser, have to carry to be of this worker. */
export function headers(): Record<string, string>;
