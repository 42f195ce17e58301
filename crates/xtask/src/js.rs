//! The npm package: the core built by cargo, its glue by wasm-bindgen, and the API on top by TypeScript.

mod bench;
mod test;

pub(crate) use bench::bench;
pub(crate) use test::test;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::anyhow;
use wasm_bindgen_cli_support::Bindgen;

use crate::command::run;
use crate::{folder, npm, paths, wasm};

/// Builds the package in `target/tollgate/npm-package`, ready for `npm pack`.
pub(crate) fn build() -> anyhow::Result<PathBuf> {
    let (ours, work) = (paths::root().join("crates/js"), install_tools()?);
    folder::replace(&ours.join("npm/src"), &work.join("src"))?;
    fs::copy(ours.join("npm/tsconfig.json"), work.join("tsconfig.json"))?;
    write_swap_script(&work.join("src/swap-script.ts"))?;
    let modules = wasm::js_modules()?;
    for (name, module) in &modules {
        bind(module, name, &work.join("src/wasm"))?;
    }
    folder::empty(&work.join("dist"))?;
    tsc(&work.join("tsconfig.json"))?;
    folder::copy(&work.join("src/wasm"), &work.join("dist/wasm"))?;
    bundle(&work, modules.map(|(name, _)| name))?;
    assemble(&ours, &work)
}

/// Installs what building and testing in JavaScript needs, and returns where.
pub(crate) fn install_tools() -> anyhow::Result<PathBuf> {
    npm::install(&paths::root().join("crates/js"), &work())?;
    Ok(work())
}

/// The folder in which the package is built and tested.
fn work() -> PathBuf {
    paths::out().join("js")
}

/// Generates the glue between JavaScript and a module, and the module as the glue needs it.
pub(crate) fn bind(module: &Path, name: &str, out: &Path) -> anyhow::Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).out_name(name).typescript(true).omit_default_module_path(true);
    bindgen.web(true).and_then(|it| it.generate(out)).map_err(|error| anyhow!("{error:?}"))?;
    let bound = out.join(format!("{name}_bg.wasm"));
    wasm::optimize(&bound, &bound)
}

/// Writes the swap script of the edge's Redis store, for the store in JavaScript.
fn write_swap_script(out: &Path) -> anyhow::Result<()> {
    let script = fs::read_to_string(paths::root().join("crates/store/src/scripts/swap.lua"))?;
    let text = "/** `crates/store/src/scripts/swap.lua`. */\nexport const SWAP_SCRIPT =";
    Ok(fs::write(out, format!("{text} String.raw`{script}`;\n"))?)
}

/// Runs TypeScript's compiler on one project.
fn tsc(project: &Path) -> anyhow::Result<()> {
    let compiler = work().join("node_modules/typescript/bin/tsc");
    run(Command::new("node").arg(compiler).arg("--project").arg(project))
}

/// Bundles into one file per entry, and few for what they share: Node takes longer to find forty files than
/// to compile the module.
fn bundle(work: &Path, modules: [&str; 3]) -> anyhow::Result<()> {
    folder::empty(&work.join("bundle"))?;
    let rolldown = work.join("node_modules/rolldown/bin/cli.mjs");
    let mut command = Command::new("node");
    command.arg(rolldown);
    for host in ["node", "web", "workerd"] {
        command.args([format!("dist/{host}.js"), format!("dist/upstream-{host}.js")]);
    }
    command.args(["--dir", "bundle", "--format", "esm", "--chunk-file-names", "[name].js"]);
    command.args(["--external", "node:fs"]);
    for module in modules {
        command.args(["--external", &format!("./wasm/{module}_bg.wasm")]);
    }
    run(command.args(["--log-level", "warn"]).current_dir(work))
}

fn assemble(ours: &Path, work: &Path) -> anyhow::Result<PathBuf> {
    let package = paths::out().join("npm-package");
    folder::empty(&package)?;
    // The package has only the types of TypeScript's output.
    folder::copy_if(&work.join("dist"), &package.join("dist"), |name| {
        name.ends_with(".d.ts") || name.ends_with(".wasm")
    })?;
    folder::copy(&work.join("bundle"), &package.join("dist"))?;
    for file in ["package.json", "README.md"] {
        fs::copy(ours.join("npm").join(file), package.join(file))?;
    }
    for license in ["LICENSE-APACHE", "LICENSE-MIT"] {
        fs::copy(paths::root().join(license), package.join(license))?;
    }
    Ok(package)
}
