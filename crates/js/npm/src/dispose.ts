/// <reference lib="esnext.disposable" preserve="true" />

/**
 * The methods that `using` and `await using` call. A host that has no such symbols can't call them, and a class must not
 * have both under the name "undefined".
 */
export const dispose: typeof Symbol.dispose = (Symbol.dispose as typeof Symbol.dispose | undefined) ?? (Symbol("dispose") as never);
export const asyncDispose: typeof Symbol.asyncDispose =
  (Symbol.asyncDispose as typeof Symbol.asyncDispose | undefined) ?? (Symbol("asyncDispose") as never);
