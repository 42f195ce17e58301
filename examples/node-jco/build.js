/** Makes a JavaScript module of the limiter component: `node build.js [COMPONENT [FOLDER]]`. */

import { transpile, writeFiles } from "@bytecodealliance/jco-transpile";

const [, , component = "../../target/tollgate/limiter.wasm", outDir = "dist"] = process.argv;
try {
  // The component imports nothing, so it can be there as soon as it is imported.
  const { files } = await transpile(component, { outDir, name: "limiter", tlaCompat: false });
  await writeFiles(files);
} catch (error) {
  console.error(`${component} can't be transpiled; \`cargo xtask wasm\` makes limiter.wasm\n${error.message ?? error}`);
  process.exitCode = 1;
}
