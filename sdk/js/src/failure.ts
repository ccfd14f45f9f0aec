/** Saying no in words for people, and hearing it from the host. */
import type { Failure as Said } from "./contract.ts";

/**
 * Why a function could not answer. Throw it from a function of the contract whose answer may fail, and catch it around what the
 * host does for you. Anything else that is thrown is a defect: it is written to the plugin's log, and the instance ends.
 */
export class Failure extends Error implements Said {
  /** Stable, for programs. */
  readonly code: string;
  readonly retryAfterMs: number | null;

  /** `message` is for people. */
  constructor(code: string, message: string, retryAfterMs: number | null = null) {
    super(message);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The failure in what was caught, or `undefined` where that is a defect. */
export function asFailure(caught: unknown): Failure | undefined {
  if (caught instanceof Failure) return caught;
  // The engine throws an error of its own and keeps what the host said in there.
  const said = caught instanceof Error ? (caught as { payload?: Partial<Said> }).payload : undefined;
  if (typeof said?.code !== "string" || typeof said.message !== "string") return undefined;
  return new Failure(said.code, said.message, said.retryAfterMs ?? null);
}

/** The same functions, throwing {@link Failure}. Classes stay as they are; {@link asFailure} reads what their methods throw. */
export function throwing<T extends object>(functions: T): T {
  const wrapped: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(functions)) {
    wrapped[name] = typeof value === "function" && !/^[A-Z]/.test(name) ? caught(value as Callable) : value;
  }
  return wrapped as T;
}

type Callable = (...given: unknown[]) => unknown;

function caught(call: Callable): Callable {
  return (...given) => {
    try {
      return call(...given);
    } catch (error) {
      throw asFailure(error) ?? error;
    }
  };
}
