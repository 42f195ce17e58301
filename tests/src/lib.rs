//! Holds the end-to-end tests: `tests/end_to_end` drives the program `tollgate`, `tests/component`
//! looks at and runs the component. Both want `cargo xtask build` to have been run.
