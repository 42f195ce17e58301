//! The WebAssembly side: core modules by cargo, made smaller by wasm-opt, made components by
//! wit-component.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

use crate::command::{cargo, run};
use crate::{compose, npm, paths};

/// What a core module may use. Every host that we know takes these; `-all` would add more.
const WASM_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-multivalue",
    "--enable-reference-types",
];

/// What LLVM may copy into its callers where the core is all there is: hardly anything, whatever is hinted at
/// for native code. wasm-opt inlines what has one caller, and by that alone a decision of the plain module
/// takes 5 to 15 % fewer instructions, and the component 8 % fewer bytes.
const CORE_LLVM_ARGS: [&str; 2] = ["-inline-threshold=10", "-inlinehint-threshold=10"];

/// The same for JavaScript, where a decision crosses the border alone and V8 inlines no call between functions: what
/// is hinted at is copied. A decision takes three quarters of the time for it; with more the module gets larger.
const JS_LLVM_ARGS: [&str; 2] = ["-inline-threshold=5", "-inlinehint-threshold=225"];

/// A crate that becomes a component.
#[derive(Clone, Copy)]
struct Guest<'a> {
    package: &'static str,
    features: &'a str,
    target: &'static str,
    llvm_args: &'static [&'static str],
    out: &'static str,
}

const LIMITER: Guest<'_> = Guest {
    package: "tollgate-component",
    features: "",
    target: "wasm32-unknown-unknown",
    llvm_args: &CORE_LLVM_ARGS,
    out: "limiter.wasm",
};

/// The limiter in worlds of its own: keys in memory, keys in the host's store.
const KEYED: Guest<'_> = Guest { features: "keyed", out: "keyed-limiter.wasm", ..LIMITER };
const STORED: Guest<'_> = Guest { features: "stored", out: "stored-limiter.wasm", ..LIMITER };

const EDGE: Guest<'_> = Guest {
    package: "tollgate-edge-spin",
    features: "",
    target: "wasm32-wasip2",
    llvm_args: &[],
    out: "edge.wasm",
};

/// What JavaScript calls. These become no components: their glue is made by `js.rs`.
const JS: Guest<'_> =
    Guest { package: "tollgate-js", llvm_args: &JS_LLVM_ARGS, out: "", ..LIMITER };
// Machines that wait: they get smaller by what is copied into them.
const JS_STORES: Guest<'_> = Guest { package: "tollgate-js-stores", llvm_args: &[], ..JS };
const JS_UPSTREAM: Guest<'_> =
    Guest { package: "tollgate-js-upstream", llvm_args: &CORE_LLVM_ARGS, ..JS };

/// The Worker. It becomes no component either.
const WORKER: Guest<'_> =
    Guest { package: "tollgate-edge-cloudflare", llvm_args: &[], out: "", ..LIMITER };

/// The core for hosts without components. It is no component either.
const MODULE: Guest<'_> = Guest { package: "tollgate-module", out: "module.wasm", ..LIMITER };

/// What must not be able to panic.
const WITHOUT_PANIC: [Guest<'_>; 4] = [LIMITER, KEYED, STORED, MODULE];

/// Guests of tests and benchmarks.
const TEST_GUESTS: [Guest<'_>; 3] = [
    Guest { package: "tollgate-guest-null", out: "guest-null.wasm", ..EDGE },
    Guest { package: "tollgate-guest-keyvalue", out: "guest-keyvalue.wasm", ..EDGE },
    Guest { package: "tollgate-guest-faulty", out: "guest-faulty.wasm", ..EDGE },
];

/// The example of a Spin component that asks the limiter itself, as its test asks it.
const SPIN_EXAMPLE: Guest<'_> = Guest {
    package: "tollgate-example-spin-limiter",
    features: "vectors",
    out: "spin-limiter-alone.wasm",
    ..EDGE
};

/// Guests of benchmarks alone.
const BENCH_GUESTS: [Guest<'_>; 2] = [
    Guest { features: "linked", out: "edge-linked.wasm", ..EDGE },
    Guest { package: "tollgate-guest-null-limiter", out: "null-limiter.wasm", ..LIMITER },
];

/// Builds the limiter in every world, the plain module and the edge function, and composes the first and
/// the last into `tollgate.wasm`.
pub(crate) fn build() -> anyhow::Result<()> {
    add_targets()?;
    plain_module()?;
    component(&KEYED)?;
    component(&STORED)?;
    let (limiter, edge) = (component(&LIMITER)?, component(&EDGE)?);
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

/// Builds the guests that only tests and benchmarks run, and composes the example among them with the limiter.
pub(crate) fn build_test_guests() -> anyhow::Result<()> {
    add_targets()?;
    let (example, limiter) = (component(&SPIN_EXAMPLE)?, component(&LIMITER)?);
    compose::compose(&example, &limiter, &paths::out().join("spin-limiter.wasm"))?;
    TEST_GUESTS.iter().try_for_each(|guest| component(guest).map(drop))
}

/// Builds the guests that only benchmarks run.
pub(crate) fn build_bench_guests() -> anyhow::Result<()> {
    BENCH_GUESTS.iter().try_for_each(|guest| component(guest).map(drop))
}

/// The edge function with the limiter inside.
pub(crate) fn composed() -> PathBuf {
    paths::out().join("tollgate.wasm")
}

/// Builds the limiter: the component, and the core module as it came from the compiler.
pub(crate) fn limiter() -> anyhow::Result<(PathBuf, PathBuf)> {
    add_targets()?;
    Ok((component(&LIMITER)?, module(&LIMITER)?))
}

/// Builds the limiter in its other worlds.
pub(crate) fn other_worlds() -> anyhow::Result<[PathBuf; 2]> {
    add_targets()?;
    Ok([component(&KEYED)?, component(&STORED)?])
}

/// The core module of everything that must not be able to panic, in which panics call an import, not
/// optimized by wasm-opt, with the names of its functions; and what it would be called.
pub(crate) fn with_panic_imports() -> anyhow::Result<Vec<(&'static str, Vec<u8>)>> {
    add_targets()?;
    WITHOUT_PANIC.iter().map(|guest| Ok((guest.out, with_panic_import(guest)?))).collect()
}

fn with_panic_import(guest: &Guest<'_>) -> anyhow::Result<Vec<u8>> {
    let features = format!("{},panic-import", guest.features);
    let mut command = compile(&Guest { features: &features, ..*guest })?;
    run(command.env("CARGO_PROFILE_WASM_STRIP", "debuginfo"))?;
    Ok(fs::read(artifact(guest))?)
}

/// The core for JavaScript, in three modules as they came from the compiler, each with its name: what limits,
/// what works on stores, and what callers of an upstream share. wasm-bindgen reads what strip takes away.
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
    run(compile(guest)?.env("CARGO_PROFILE_WASM_STRIP", "debuginfo"))?;
    Ok(artifact(guest))
}

fn add_targets() -> anyhow::Result<()> {
    let targets = ["wasm32-unknown-unknown", "wasm32-wasip2"];
    run(Command::new("rustup").args(["--quiet", "target", "add"]).args(targets))
}

fn component(guest: &Guest<'_>) -> anyhow::Result<PathBuf> {
    let module = module(guest)?;
    fs::create_dir_all(paths::out())?;
    let optimized = paths::out().join(guest.out).with_extension("core.wasm");
    optimize(&module, &optimized)?;
    let bytes = fs::read(&optimized)?;
    let component = ComponentEncoder::default().validate(true).module(&bytes)?.encode()?;
    let out = paths::out().join(guest.out);
    fs::write(&out, without_names(&component)?)
        .with_context(|| format!("can't write {}", out.display()))?;
    Ok(out)
}

/// The core module of a guest. The linker for WASI would make it a component at once, and a component
/// is nothing that wasm-opt takes.
fn module(guest: &Guest<'_>) -> anyhow::Result<PathBuf> {
    run(&mut compile(guest)?)?;
    Ok(artifact(guest))
}

fn compile(guest: &Guest<'_>) -> anyhow::Result<Command> {
    let mut command = cargo(&["rustc", "--quiet", "--profile", "wasm", "--lib"]);
    command.args(["--package", guest.package, "--target", guest.target]);
    command.args(["--features", guest.features]);
    command.env("CARGO_ENCODED_RUSTFLAGS", rustc_flags(guest)?.join("\x1f"));
    if guest.target == "wasm32-wasip2" {
        command.args(["--", "-C", "link-arg=--skip-wit-component"]);
    }
    Ok(command)
}

/// Where cargo puts it.
fn artifact(guest: &Guest<'_>) -> PathBuf {
    let file = guest.package.replace('-', "_") + ".wasm";
    paths::target().join(guest.target).join("wasm").join(file)
}

/// No path of this machine in a guest, the small one of two SHA-256s, since only long keys are hashed, and
/// what the guest wants of LLVM.
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

/// Makes a core module smaller with wasm-opt.
pub(crate) fn optimize(module: &Path, out: &Path) -> anyhow::Result<()> {
    let mut command = Command::new("node");
    // The lowest addresses are the far end of the stack: what lies there has overflowed it.
    let passes = ["-Oz", "--low-memory-unused", "--strip-producers"];
    command.arg(wasm_opt()?).args(WASM_FEATURES).args(passes);
    run(command.arg(module).arg("-o").arg(out))
}

/// The component without custom sections: names of its parts, which only debuggers read.
pub(crate) fn without_names(component: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut kept = Vec::new();
    let mut end = 0;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        let section = match payload {
            Payload::Version { range, .. } => Some((1, range)),
            _ => payload.as_section(),
        };
        let Some((id, section)) = section else { continue };
        let section_end = usize::try_from(section.end)?;
        // What is inside of a section comes after it, and was kept or left out with it.
        if section_end <= end {
            continue;
        }
        if id != 0 {
            kept.extend_from_slice(&component[end..section_end]);
        }
        end = section_end;
    }
    Ok(kept)
}

/// Binaryen's wasm-opt, from npm, in the version that `package-lock.json` names.
fn wasm_opt() -> anyhow::Result<PathBuf> {
    let tools = paths::out().join("npm");
    npm::install(&paths::root().join("crates/xtask"), &tools)?;
    Ok(tools.join("node_modules/binaryen/bin/wasm-opt"))
}
