/** What workerd makes of a module that is imported. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
