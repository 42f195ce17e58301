//! Generated host traits for the interfaces that this program serves besides WASI.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "generated from WIT, which carries the documentation"
)]

wasmtime::component::bindgen!({
    path: [
        "../../wit/deps/wasi-keyvalue-0.2.0-draft2",
        "../../wit/deps/spin-key-value-3.0.0",
        "../../wit/deps/spin-redis-3.0.0",
        "../../wit/deps/spin-variables-3.0.0",
    ],
    inline: "
        package tollgate:host;

        world guest {
            import wasi:keyvalue/store@0.2.0-draft2;
            import wasi:keyvalue/batch@0.2.0-draft2;
            import wasi:keyvalue/atomics@0.2.0-draft2;
            import spin:key-value/key-value@3.0.0;
            import spin:redis/redis@3.0.0;
            import spin:variables/variables@3.0.0;
        }
    ",
    world: "tollgate:host/guest",
    imports: {
        "spin:key-value/key-value.[drop]store": trappable,
        "spin:key-value/key-value": async | store | trappable,
        "spin:redis/redis.[drop]connection": trappable,
        "spin:redis/redis": async | store | trappable,
        "spin:variables/variables": async | store | trappable,
        default: async | trappable,
    },
    with: {
        "wasi:keyvalue/store.bucket": crate::keyvalue::Bucket,
        "wasi:keyvalue/atomics.cas": crate::keyvalue::Cas,
        "spin:redis/redis.connection": crate::redis::RedisConnection,
        "spin:key-value/key-value.store": crate::keyvalue::SpinStore,
    },
    require_store_data_send: true,
});
