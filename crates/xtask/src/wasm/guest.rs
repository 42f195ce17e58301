//! Every crate that becomes WebAssembly, and how it is built.

/// LLVM's inlining thresholds for modules of the core alone: hardly anything is inlined, despite the hints
/// meant for native code. wasm-opt inlines functions with one caller, and with that alone a decision of the
/// plain module takes 5 to 15 % fewer instructions, and the component 8 % fewer bytes.
const CORE_LLVM_ARGS: [&str; 2] = ["-inline-threshold=10", "-inlinehint-threshold=10"];

/// The same for JavaScript, where each decision is a call of its own and V8 inlines no call between functions: what
/// is hinted at is inlined. A decision then takes three quarters of the time; inlining more enlarges the module.
const JS_LLVM_ARGS: [&str; 2] = ["-inline-threshold=5", "-inlinehint-threshold=225"];

/// A crate that becomes WebAssembly.
#[derive(Clone, Copy)]
pub(crate) struct Guest<'a> {
    pub(crate) package: &'static str,
    pub(super) features: &'a str,
    pub(super) target: &'static str,
    /// LLVM arguments besides those of the profile.
    pub(super) llvm_args: &'static [&'static str],
    /// The output file; empty for modules that are bound to JavaScript.
    pub(super) out: &'static str,
}

impl Guest<'_> {
    /// Whether its package has tests that run outside WebAssembly.
    pub(crate) fn has_native_tests(&self) -> bool {
        self.package == WORKER.package
    }
}

pub(super) const LIMITER: Guest<'_> = Guest {
    package: "tollgate-component",
    features: "",
    target: "wasm32-unknown-unknown",
    llvm_args: &CORE_LLVM_ARGS,
    out: "limiter.wasm",
};

/// The limiter in worlds of its own: keys in memory, keys in the host's store.
pub(super) const KEYED: Guest<'_> =
    Guest { features: "keyed", out: "keyed-limiter.wasm", ..LIMITER };
pub(super) const STORED: Guest<'_> =
    Guest { features: "stored", out: "stored-limiter.wasm", ..LIMITER };

pub(super) const EDGE: Guest<'_> = Guest {
    package: "tollgate-edge-spin",
    features: "",
    target: "wasm32-wasip2",
    llvm_args: &[],
    out: "edge.wasm",
};

/// The modules that JavaScript calls. They don't become components: `js.rs` makes their glue.
pub(super) const JS: Guest<'_> =
    Guest { package: "tollgate-js", llvm_args: &JS_LLVM_ARGS, out: "", ..LIMITER };
// State machines that wait: inlining makes them smaller.
pub(super) const JS_STORES: Guest<'_> =
    Guest { package: "tollgate-js-stores", llvm_args: &[], ..JS };
pub(super) const JS_UPSTREAM: Guest<'_> =
    Guest { package: "tollgate-js-upstream", llvm_args: &CORE_LLVM_ARGS, ..JS };

/// The Worker. It does not become a component either.
pub(super) const WORKER: Guest<'_> =
    Guest { package: "tollgate-edge-cloudflare", llvm_args: &[], out: "", ..LIMITER };

/// The core for hosts without components. It is not a component either.
pub(super) const MODULE: Guest<'_> =
    Guest { package: "tollgate-module", out: "module.wasm", ..LIMITER };

/// What must not be able to panic.
pub(super) const WITHOUT_PANIC: [Guest<'_>; 4] = [LIMITER, KEYED, STORED, MODULE];

/// Guests of tests and benchmarks.
pub(super) const TEST_GUESTS: [Guest<'_>; 3] = [
    Guest { package: "tollgate-guest-null", out: "guest-null.wasm", ..EDGE },
    Guest { package: "tollgate-guest-keyvalue", out: "guest-keyvalue.wasm", ..EDGE },
    Guest { package: "tollgate-guest-faulty", out: "guest-faulty.wasm", ..EDGE },
];

/// The example of a Spin component that calls the limiter itself, built as its test needs it.
pub(super) const SPIN_EXAMPLE: Guest<'_> = Guest {
    package: "tollgate-example-spin-limiter",
    features: "vectors",
    out: "spin-limiter-alone.wasm",
    ..EDGE
};

/// Guests that only benchmarks run.
pub(super) const BENCH_GUESTS: [Guest<'_>; 2] = [
    Guest { features: "linked", out: "edge-linked.wasm", ..EDGE },
    Guest { package: "tollgate-guest-null-limiter", out: "null-limiter.wasm", ..LIMITER },
];

/// All of them, for clippy, and the example as someone who copies it builds it.
pub(crate) const ALL: [Guest<'_>; 16] = {
    let [null, keyvalue, faulty] = TEST_GUESTS;
    let [linked, null_limiter] = BENCH_GUESTS;
    let example = Guest { features: "", ..SPIN_EXAMPLE };
    [
        LIMITER,
        KEYED,
        STORED,
        MODULE,
        JS,
        JS_STORES,
        JS_UPSTREAM,
        WORKER,
        EDGE,
        linked,
        example,
        SPIN_EXAMPLE,
        null,
        keyvalue,
        faulty,
        null_limiter,
    ]
};
