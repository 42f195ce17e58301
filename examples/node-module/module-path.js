/** Where `cargo xtask wasm` puts the module. */
export function modulePath() {
  const target = process.env.CARGO_TARGET_DIR;
  return target ? `${target}/tollgate/module.wasm` : new URL("../../target/tollgate/module.wasm", import.meta.url);
}
