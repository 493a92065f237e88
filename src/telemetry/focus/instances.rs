//! Which accelerators a charge is for.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The instance types that are known, by provider.
const KNOWN: &str = include_str!("instances.toml");

/// Words that one name of an instance type has at most (`ND128isr NDR GB200 v6`).
const MAX_WORDS: usize = 4;

/// Words that name an accelerator, a maker of them, or the kind of thing.
const WORDS: [&str; 22] = [
    "a10",
    "a100",
    "b200",
    "b300",
    "gaudi",
    "gb200",
    "gb300",
    "gpu",
    "gpus",
    "h100",
    "h200",
    "inferentia",
    "l4",
    "l40s",
    "mi300x",
    "nvidia",
    "p100",
    "t4",
    "tpu",
    "tpus",
    "trainium",
    "v100",
];

/// The accelerators of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// How many; none if it has no accelerator.
    pub count: u64,
    /// The catalogue's id, or `uncatalogued:<type>`.
    pub model: Arc<str>,
}

impl std::str::FromStr for Instance {
    type Err = String;

    /// Parses `<count>*<model>`, or `0`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (count, model) = match text.split_once(['*', ' ']) {
            Some((count, model)) => (count, model.trim()),
            None => (text, ""),
        };
        let count: u64 = count
            .trim()
            .parse()
            .map_err(|_| format!("`{text}` is not `<count>*<model>`"))?;
        if count > 0 && model.is_empty() {
            return Err(format!("`{text}` names no model: `{count}*<model>`"));
        }
        Ok(Self {
            count,
            model: model.into(),
        })
    }
}

/// Instance types by their names, in words of lower case.
#[derive(Clone, Debug)]
pub struct Instances(BTreeMap<String, Instance>);

impl Default for Instances {
    /// Those that are shipped.
    fn default() -> Self {
        let mut all = Self(BTreeMap::new());
        let known: toml::Table = toml::from_str(KNOWN).unwrap_or_default();
        for (name, instance) in known.values().filter_map(toml::Value::as_table).flatten() {
            let instance = instance.as_str().and_then(|text| text.parse().ok());
            if let Some(instance) = instance {
                all.insert(name, instance);
            }
        }
        all
    }
}

impl Instances {
    /// Adds an instance type, or what takes its place: the id of a SKU or a meter's name.
    pub fn insert(&mut self, name: &str, instance: Instance) {
        self.0.insert(words(name).join(" "), instance);
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Finds the first instance type that `text` names, and how it spells it.
    pub(super) fn find(&self, text: &str) -> Option<(String, &Instance)> {
        let words = words(text);
        for start in 0..words.len() {
            for count in (1..=MAX_WORDS).rev() {
                let Some(some) = words.get(start..start.saturating_add(count)) else {
                    continue;
                };
                let name = some.join(" ");
                if let Some(instance) = self.0.get(&name) {
                    return Some((name, instance));
                }
            }
        }
        None
    }
}

/// Splits a text into words of lower case; `.` and `-` within one are part of it. A
/// provider's prefix (`ml.`, `Standard_`) is none.
fn words(text: &str) -> Vec<String> {
    text.to_ascii_lowercase()
        .split(|char: char| !(char.is_ascii_alphanumeric() || char == '.' || char == '-'))
        .map(|word| word.trim_matches(['.', '-']))
        .map(|word| word.strip_prefix("ml.").unwrap_or(word))
        .filter(|word| !word.is_empty() && *word != "standard")
        .map(str::to_owned)
        .collect()
}

/// Returns the word of `text` that says that it is of accelerators, if there is one.
pub(super) fn suspect(text: &str) -> Option<String> {
    words(text).into_iter().find(|word| {
        WORDS.contains(&word.as_str())
            || is_family(word)
            || word.starts_with("bm.gpu")
            || word.starts_with("vm.gpu")
    })
}

/// Whether it is spelled as instance types with accelerators are: `p6.48xlarge`,
/// `nd96isr`, `a4-highgpu-8g`.
fn is_family(word: &str) -> bool {
    let numbered = |prefix: &str| {
        word.strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with(|char: char| char.is_ascii_digit()))
    };
    let sized = word
        .rsplit_once('.')
        .is_some_and(|(_, size)| size.ends_with("xlarge") || size.starts_with("metal"));
    (sized
        && ["p", "g", "gr", "trn", "inf", "dl", "vt"]
            .into_iter()
            .any(numbered))
        || ["nc", "nd", "nv", "ng"].into_iter().any(numbered)
        || word.contains("gpu-")
}
