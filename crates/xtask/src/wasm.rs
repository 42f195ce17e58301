//! The WebAssembly builds: cargo compiles core modules, wasm-opt shrinks them, and wit-component turns
//! them into components.

pub(crate) mod guest;
mod lean;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::{self, ScopedJoinHandle};

use anyhow::{Context as _, anyhow, bail};
use wasm_encoder::{Module, RawSection};
use wasmparser::Parser;
use wit_component::ComponentEncoder;

use self::guest::{
    ALL, BENCH_GUESTS, EDGE, Guest, JS, JS_STORES, JS_UPSTREAM, KEYED, LIMITER, MODULE,
    SPIN_EXAMPLE, STORED, TEST_GUESTS, WITHOUT_PANIC, WORKER,
};
use crate::command::{cargo, run};
use crate::suite::STRICT;
use crate::{compose, npm, paths};

/// Features that a core module may use. Every host we know supports these; `-all` would add more.
const WASM_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-multivalue",
    "--enable-reference-types",
];

/// Builds the limiter in every world, the plain module and the edge function, and composes the first and
/// the last into `tollgate.wasm`.
pub(crate) fn build() -> anyhow::Result<()> {
    add_targets()?;
    plain_module()?;
    // The largest first: the others are compiled while wasm-opt works on it.
    let [edge, limiter, _, _] = components([&EDGE, &LIMITER, &KEYED, &STORED])?;
    compose::compose(&edge, &limiter, &composed())
}

/// Builds the core module for hosts without components.
fn plain_module() -> anyhow::Result<PathBuf> {
    let compiled = module(&MODULE)?;
    fs::create_dir_all(paths::out())?;
    let out = paths::out().join(MODULE.out);
    optimize(&compiled, &out)?;
    fs::write(&out, without_names(&fs::read(&out)?)?)?;
    Ok(out)
}

/// Builds the guests that only tests and benchmarks run, and composes the example with the limiter.
pub(crate) fn build_test_guests() -> anyhow::Result<()> {
    add_targets()?;
    let [null, keyvalue, faulty] = &TEST_GUESTS;
    let [example, limiter, _, _, _] =
        components([&SPIN_EXAMPLE, &LIMITER, null, keyvalue, faulty])?;
    compose::compose(&example, &limiter, &paths::out().join("spin-limiter.wasm"))
}

/// Builds the guests that only benchmarks run.
pub(crate) fn build_bench_guests() -> anyhow::Result<()> {
    components(BENCH_GUESTS.each_ref()).map(drop)
}

/// The edge function with the limiter inside.
pub(crate) fn composed() -> PathBuf {
    paths::out().join("tollgate.wasm")
}

/// Builds the limiter: the component, and the core module as compiled.
pub(crate) fn limiter() -> anyhow::Result<(PathBuf, PathBuf)> {
    add_targets()?;
    let [component] = components([&LIMITER])?;
    Ok((component, artifact(&LIMITER)))
}

/// Builds the limiter in its other worlds.
pub(crate) fn other_worlds() -> anyhow::Result<[PathBuf; 2]> {
    add_targets()?;
    components([&KEYED, &STORED])
}

/// The core modules that must not be able to panic, each with its file name. Panics call an import in
/// them; they keep their functions' names and are not optimized by wasm-opt.
pub(crate) fn with_panic_imports() -> anyhow::Result<Vec<(&'static str, Vec<u8>)>> {
    add_targets()?;
    WITHOUT_PANIC.iter().map(|guest| Ok((guest.out, with_panic_import(guest)?))).collect()
}

fn with_panic_import(guest: &Guest<'_>) -> anyhow::Result<Vec<u8>> {
    let features = format!("{},panic-import", guest.features);
    let guest = Guest { features: &features, ..*guest };
    Ok(fs::read(module_with_names(&guest)?)?)
}

/// The core for JavaScript, as three named modules as compiled: limiters, stores, and what callers of an
/// upstream share. They are not stripped, because wasm-bindgen reads what stripping removes.
pub(crate) fn js_modules() -> anyhow::Result<[(&'static str, PathBuf); 3]> {
    Ok([
        ("tollgate", module_to_bind(&JS)?),
        ("stores", module_to_bind(&JS_STORES)?),
        ("upstream", module_to_bind(&JS_UPSTREAM)?),
    ])
}

/// The Worker's module, likewise.
pub(crate) fn worker_module() -> anyhow::Result<PathBuf> {
    module_to_bind(&WORKER)
}

fn module_to_bind(guest: &Guest<'_>) -> anyhow::Result<PathBuf> {
    add_targets()?;
    module_with_names(guest)
}

/// Compiles a guest's module, and leaves what the profile strips of it: names, and what is found by them. A flag of the
/// linked crate alone: with another profile, everything it depends on would be compiled once more.
fn module_with_names(guest: &Guest<'_>) -> anyhow::Result<PathBuf> {
    run(compile(guest)?.args(["-C", "strip=debuginfo"]))?;
    Ok(artifact(guest))
}

/// Clippy, with warnings denied, on crates that are empty on every target but WebAssembly.
pub(crate) fn lint() -> anyhow::Result<()> {
    add_targets()?;
    ALL.iter().try_for_each(|guest| {
        let mut clippy = cargo(&["clippy", "--quiet", "--profile", "wasm"]);
        clippy.args(["--package", guest.package, "--features", guest.features]);
        run(clippy.args(["--target", guest.target]).args(STRICT))
    })
}

fn add_targets() -> anyhow::Result<()> {
    let targets = ["wasm32-unknown-unknown", "wasm32-wasip2"];
    run(Command::new("rustup").args(["--quiet", "target", "add"]).args(targets))
}

/// Builds components, in this order: wasm-opt makes one smaller while cargo compiles the next.
fn components<const N: usize>(guests: [&Guest<'_>; N]) -> anyhow::Result<[PathBuf; N]> {
    fs::create_dir_all(paths::out())?;
    wasm_opt()?;
    let made: anyhow::Result<Vec<PathBuf>> = thread::scope(|scope| {
        let mut making = Vec::new();
        for guest in guests {
            let out = paths::out().join(guest.out);
            // The next guest may be built from the same package.
            let compiled = out.with_extension("compiled.wasm");
            fs::copy(module(guest)?, &compiled)?;
            making.push(scope.spawn(move || component(&compiled, out)));
        }
        making.into_iter().map(join).collect()
    });
    made?.try_into().map_err(|_| anyhow!("a component is missing"))
}

fn join<T>(making: ScopedJoinHandle<'_, anyhow::Result<T>>) -> anyhow::Result<T> {
    making.join().unwrap_or_else(|_| bail!("a thread that makes a component panicked"))
}

/// Turns a core module into a component.
fn component(compiled: &Path, out: PathBuf) -> anyhow::Result<PathBuf> {
    let optimized = out.with_extension("core.wasm");
    optimize(compiled, &optimized)?;
    let bytes = fs::read(&optimized)?;
    let component = ComponentEncoder::default().validate(true).module(&bytes)?.encode()?;
    fs::write(&out, lean::lean(&component)?)
        .with_context(|| format!("can't write {}", out.display()))?;
    Ok(out)
}

/// The core module of a guest. WASI's linker would turn it into a component at once, which wasm-opt does
/// not accept.
fn module(guest: &Guest<'_>) -> anyhow::Result<PathBuf> {
    run(&mut compile(guest)?)?;
    Ok(artifact(guest))
}

fn compile(guest: &Guest<'_>) -> anyhow::Result<Command> {
    let mut command = cargo(&["rustc", "--quiet", "--profile", "wasm", "--lib"]);
    command.args(["--package", guest.package, "--target", guest.target]);
    command.args(["--features", guest.features]);
    command.env("CARGO_ENCODED_RUSTFLAGS", rustc_flags(guest)?.join("\x1f"));
    command.arg("--");
    if guest.target == "wasm32-wasip2" {
        command.args(["-C", "link-arg=--skip-wit-component"]);
    }
    Ok(command)
}

/// Where cargo puts the guest's module.
fn artifact(guest: &Guest<'_>) -> PathBuf {
    let file = guest.package.replace('-', "_") + ".wasm";
    paths::target().join(guest.target).join("wasm").join(file)
}

/// Flags that keep this machine's paths out of a guest, select the compact SHA-256, since only long keys
/// are hashed, and pass on the guest's LLVM arguments.
fn rustc_flags(guest: &Guest<'_>) -> anyhow::Result<Vec<String>> {
    let cargo_home = match env::var_os("CARGO_HOME") {
        Some(dir) => dir.into(),
        None => env::home_dir().context("there is no home folder")?.join(".cargo"),
    };
    let remap = |dir: &Path, name: &str| format!("--remap-path-prefix={}={name}", dir.display());
    let compact = String::from("--cfg=sha2_backend_soft=\"compact\"");
    let mut flags = vec![remap(&cargo_home, "cargo"), remap(&paths::root(), "tollgate"), compact];
    flags.extend(guest.llvm_args.iter().map(|arg| format!("-Cllvm-args={arg}")));
    Ok(flags)
}

/// Shrinks a core module with wasm-opt.
pub(crate) fn optimize(module: &Path, out: &Path) -> anyhow::Result<()> {
    let mut command = Command::new("node");
    // The lowest addresses are the far end of the stack, which is reached only by overflowing it.
    let passes = ["-Oz", "--low-memory-unused", "--strip-producers"];
    command.arg(wasm_opt()?).args(WASM_FEATURES).args(passes);
    run(command.arg(module).arg("-o").arg(out))
}

/// A core module without custom sections: names, which only debuggers read.
pub(crate) fn without_names(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut rest = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload?.as_section() {
            Some((id, range)) if id != 0 => {
                let data = &module[usize::try_from(range.start)?..usize::try_from(range.end)?];
                rest.section(&RawSection { id, data });
            }
            _ => {}
        }
    }
    Ok(rest.finish())
}

/// Binaryen's wasm-opt, from npm, in the version that `package-lock.json` names.
fn wasm_opt() -> anyhow::Result<PathBuf> {
    let tools = paths::out().join("npm");
    npm::install(&paths::root().join("crates/xtask"), &tools)?;
    Ok(tools.join("node_modules/binaryen/bin/wasm-opt"))
}
