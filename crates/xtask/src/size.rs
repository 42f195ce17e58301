//! What each interface adds to the limiter component.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use wasm_encoder::{ExportKind, ExportSection, Module, RawSection};
use wasmparser::{ExternalKind, Parser, Payload};

use crate::{paths, wasm};

/// The interfaces in the world of `limiter.wasm`.
const INTERFACES: [&str; 4] = ["limiter", "cooldown", "barrier", "feedback"];

/// Builds the limiter, and prints its size, how much of its code each interface alone needs, and its size
/// in other worlds.
pub(crate) fn print() -> anyhow::Result<()> {
    let (component, module) = wasm::limiter()?;
    let (component, module) = (fs::metadata(component)?.len(), fs::read(module)?);
    let core = optimized(&module)?;
    println!("| limiter component | bytes |\n|---|--:|");
    println!("| `limiter.wasm` | {component} |\n| its core module | {core} |");
    for interface in INTERFACES {
        let others = optimized(&without(&module, interface)?)?;
        println!("| of which only `{interface}` needs | {} |", core.saturating_sub(others));
    }
    for world in wasm::other_worlds()? {
        let name = world.file_name().unwrap_or_default().to_string_lossy();
        println!("| `{name}` | {} |", fs::metadata(&world)?.len());
    }
    Ok(())
}

/// The size of a core module after wasm-opt, which removes what no export reaches.
fn optimized(module: &[u8]) -> anyhow::Result<usize> {
    let folder = paths::out().join("size");
    fs::create_dir_all(&folder)?;
    let (before, after) = (folder.join("before.wasm"), folder.join("after.wasm"));
    fs::write(&before, module)?;
    wasm::optimize(&before, &after)?;
    Ok(wasm::without_names(&fs::read(&after)?)?.len())
}

/// The size of a file after `gzip -9`, in bytes.
pub(crate) fn gzipped(file: &Path) -> anyhow::Result<usize> {
    let output = Command::new("gzip").args(["-9", "--stdout"]).arg(file).output();
    let output = output.context("can't start gzip")?;
    ensure!(output.status.success(), "gzip: {}", String::from_utf8_lossy(&output.stderr));
    Ok(output.stdout.len())
}

/// The core module without the exports of one interface.
fn without(module: &[u8], interface: &str) -> anyhow::Result<Vec<u8>> {
    let of_interface = format!("tollgate:limiter/{interface}@");
    let mut rest = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        if let Payload::ExportSection(exports) = payload {
            let mut kept = ExportSection::new();
            for export in exports {
                let export = export?;
                let kind = match export.kind {
                    ExternalKind::Func => ExportKind::Func,
                    ExternalKind::Memory => ExportKind::Memory,
                    // The linker's memory layout, which code does not need.
                    _ => continue,
                };
                if !export.name.contains(&of_interface) {
                    kept.export(export.name, kind, export.index);
                }
            }
            rest.section(&kept);
        } else if let Some((id, range)) = payload.as_section() {
            let data = &module[usize::try_from(range.start)?..usize::try_from(range.end)?];
            rest.section(&RawSection { id, data });
        }
    }
    Ok(rest.finish())
}
