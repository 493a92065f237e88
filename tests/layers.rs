//! Keeps the layers of `src/lib.rs` honest: a module may use only its own layer and
//! those below it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// Modules from the bottom up. A module may use its own layer and lower ones.
const LAYERS: &[&[&str]] = &[
    &["encoding", "hash", "key", "quantity", "time"],
    &[
        "attestation",
        "bundle",
        "catalogue",
        "challenge",
        "claim",
        "ledger",
        "merkle",
        "note",
        "tlog",
    ],
    &["report", "verify"],
    &[
        "admission",
        "collector",
        "cosigner",
        "sequencer",
        "simulate",
        "witnessing",
    ],
    &[
        "durable",
        "http",
        "keystore",
        "server",
        "store",
        "telemetry",
    ],
    &["cli"],
];

/// What only the layers from `store` upwards may touch.
const EFFECTS: &[&str] = &[
    "std::fs",
    "std::net",
    "std::process",
    "SystemTime",
    "Instant::now",
    "getrandom",
    "ureq",
    "tokio",
    "axum",
];

/// The first layer that may touch the world.
const FIRST_EFFECT_LAYER: usize = 4;

fn layer(module: &str) -> usize {
    LAYERS
        .iter()
        .position(|layer| layer.contains(&module))
        .unwrap_or_else(|| panic!("`{module}` is in no layer: add it to LAYERS"))
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir)
        .unwrap()
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// Calls `check` with each source file's name, its top-level module and its text.
fn each_module(mut check: impl FnMut(&str, &str, &str)) {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in sources(&src) {
        let name = file.strip_prefix(&src).unwrap();
        let module = name.iter().next().unwrap().to_str().unwrap();
        let module = module.trim_end_matches(".rs");
        if !matches!(module, "lib" | "main") {
            check(
                name.to_str().unwrap(),
                module,
                &fs::read_to_string(&file).unwrap(),
            );
        }
    }
}

#[test]
fn modules_use_only_lower_layers() {
    let mut offences = Vec::new();
    each_module(|name, module, text| {
        for line in text.lines() {
            for target in line.split("crate::").skip(1) {
                let target = target
                    .split(|c: char| !c.is_alphanumeric() && c != '_')
                    .next()
                    .unwrap();
                assert_ne!(target, "", "{name}: one module per `use`");
                if layer(target) > layer(module) {
                    offences.push(format!("{name}: {}", line.trim()));
                }
            }
        }
    });
    assert!(
        offences.is_empty(),
        "used from below:\n{}",
        offences.join("\n")
    );
}

#[test]
fn only_the_upper_layers_touch_the_world() {
    let mut offences = Vec::new();
    each_module(|name, module, text| {
        if layer(module) >= FIRST_EFFECT_LAYER {
            return;
        }
        // Unit tests at the end of a file may read fixtures.
        let code = text.split("#[cfg(test)]").next().unwrap();
        for line in code.lines().filter(|l| !l.trim_start().starts_with("//")) {
            if EFFECTS.iter().any(|effect| line.contains(effect)) {
                offences.push(format!("{name}: {}", line.trim()));
            }
        }
    });
    assert!(
        offences.is_empty(),
        "effects in a pure layer:\n{}",
        offences.join("\n")
    );
}
