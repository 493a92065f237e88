//! Members under reverse-domain names, and `critical`.

use super::super::{Made, edit_predicate, seal};
use super::{extended, good, made};

pub(super) fn extensions() -> Vec<Made> {
    let text = good();
    let kept = |name, what, body: String| {
        made((name, "att-21", "ok", what), body).with("extension", "yes")
    };
    let critical = |name, spec, what, list: &str, member: &str| {
        let body = edit_predicate(
            &text,
            "\"devicesAbsent\":",
            &format!("\"critical\":{list},\"devicesAbsent\":"),
        );
        let at = body.rfind("},\"predicateType\"").unwrap();
        let body = seal(&format!("{}{member}{}", &body[..at], &body[at..]));
        made((name, spec, "not-understood", what), body)
            .with("admits", 1)
            .with("period", "yes")
    };
    let bad = |name, what, body: String| {
        made((name, "att-21", "not-understood", what), body).with("period", "yes")
    };
    vec![
        kept(
            "extension_top",
            "a member under a reverse-domain name",
            extended("\"xyz.example.note\":{\"any\":[\"thing\"]}"),
        ),
        kept(
            "extension_deep",
            "one inside a figure",
            edit_predicate(&text, "\"quantity\":", "\"org.example\":\"\",\"quantity\":"),
        ),
        bad(
            "extension_one_label",
            "a name of one label",
            extended("\"xyz\":\"\""),
        ),
        bad(
            "extension_empty_label",
            "a name with an empty label",
            extended("\"xyz.\":\"\""),
        ),
        bad(
            "extension_space",
            "a name with a space",
            extended("\"xyz.a b\":\"\""),
        ),
        critical(
            "critical_present",
            "att-22 att-24",
            "an extension that must be known",
            "[\"x.y\"]",
            ",\"x.y\":\"\"",
        ),
        critical(
            "critical_absent",
            "att-22",
            "a critical name that is not there",
            "[\"x.y\"]",
            "",
        ),
        critical("critical_empty", "att-22", "an empty list", "[]", ""),
        critical(
            "critical_plain",
            "att-22",
            "a plain member",
            "[\"figures\"]",
            "",
        ),
        critical(
            "critical_text",
            "att-22",
            "no list",
            "\"x.y\"",
            ",\"x.y\":\"\"",
        ),
    ]
}
