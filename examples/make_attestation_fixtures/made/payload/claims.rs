//! What admits although it cannot be read.

use super::super::{Made, edit, edit_predicate};
use super::{good, made};

pub(super) fn claims() -> Vec<Made> {
    let text = good();
    let figure = {
        let at = text.find("\"figures\":[").unwrap() + 11;
        let end = text[at..].find("],").unwrap() + at;
        text[at..end].to_owned()
    };
    let interval = "\"interval\":{\"lower\":\"2\",\"upper\":\"1\"},\"method\":";
    let inside_out = edit(&figure, ",\"value\":\"3600\"", "");
    let inside_out = edit(&inside_out, "\"method\":", interval);
    let poison = |name, what, to: &str, admits: usize| {
        let body = edit_predicate(&text, &figure, to);
        made((name, "att-24", "not-understood", what), body)
            .with("admits", admits)
            .with("period", "yes")
    };
    vec![
        poison(
            "claim_poisoned_figure",
            "one figure that is ill-formed beside one that is not",
            &format!("{{}},{figure}"),
            1,
        ),
        poison(
            "claim_poisoned_type",
            "a text among the figures",
            &format!("{figure},\"\""),
            1,
        ),
        poison(
            "claim_inside_out",
            "an interval that is inside out beside a figure",
            &format!("{figure},{inside_out}"),
            1,
        ),
        made(
            (
                "claim_number",
                "att-24 att-25",
                "json",
                "a number in one figure, a good one beside it",
            ),
            edit_predicate(
                &text,
                &figure,
                &format!("{figure},{}", edit(&figure, "\"3600\"", "3600")),
            ),
        )
        .with("place", "1/0")
        .with("admits", 1)
        .with("period", "yes"),
    ]
}
