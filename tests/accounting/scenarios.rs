//! Every scenario of `fixtures/accounting`, whose answers another program computed.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroU64;
use std::path::Path;
use std::str::FromStr;

use serde_json::Value;
use serde_json::json;
use standstill::attestation::figure::Class;
use standstill::quantity::Interval;
use standstill::quantity::Quantity;
use standstill::verify::accounting::Alarm;
use standstill::verify::accounting::Balance;
use standstill::verify::accounting::Books;
use standstill::verify::accounting::Conversion;
use standstill::verify::accounting::Cusum;
use standstill::verify::accounting::Difference;
use standstill::verify::accounting::Disagreement;
use standstill::verify::accounting::Drift;
use standstill::verify::accounting::ErrorLevel;
use standstill::verify::accounting::ParameterError;
use standstill::verify::accounting::Parameters;
use standstill::verify::accounting::Ppm;
use standstill::verify::accounting::Rating;
use standstill::verify::accounting::RelativeError;
use standstill::verify::accounting::Residuals;
use standstill::verify::accounting::Resolution;
use standstill::verify::accounting::Score;
use standstill::verify::accounting::Source;
use standstill::verify::accounting::Term;
use standstill::verify::accounting::Told;
use standstill::verify::accounting::accelerator_joules;
use standstill::verify::accounting::significant_quantity;

fn get<T: FromStr>(value: &Value, key: &str) -> T {
    let text = value[key].as_str();
    let text = text.unwrap_or_else(|| panic!("no text `{key}` in {value}"));
    text.parse()
        .unwrap_or_else(|_| panic!("`{key}` is `{text}`"))
}

fn ppm(value: &Value, key: &str) -> Ppm {
    Ppm::new(get(value, key))
}

fn list<'v>(value: &'v Value, key: &str) -> &'v Vec<Value> {
    value[key].as_array().unwrap()
}

fn interval(value: &Value) -> Interval {
    Interval::new(get(value, "lower"), get(value, "upper")).unwrap()
}

fn term(value: &Value) -> Term {
    Term {
        amount: interval(value),
        error: RelativeError {
            random: ppm(value, "random_ppm"),
            systematic: ppm(value, "systematic_ppm"),
        },
    }
}

fn parameters(given: &Value) -> Parameters {
    let level = |key| ErrorLevel::new(ppm(&given["parameters"], key)).unwrap();
    Parameters {
        false_alarm: level("false_alarm_ppm"),
        missed: level("missed_ppm"),
        ..Parameters::default()
    }
}

/// A number as text, or nothing.
fn told(number: Option<impl ToString>) -> Value {
    number.map_or(Value::Null, |number| json!(number.to_string()))
}

fn pair(one: &impl ToString, other: &impl ToString) -> Value {
    json!([one.to_string(), other.to_string()])
}

fn balance(given: &Value) -> Value {
    let parameters = parameters(given);
    let mut books = Books::default();
    for entry in list(given, "entries") {
        let used = list(entry, "used")
            .iter()
            .map(|one| (get::<Class>(one, "class"), term(one)));
        let balance = Balance::of(term(&entry["available"]), used);
        books.enter(entry["model"].as_str().unwrap(), &balance);
    }
    let mut balances = serde_json::Map::new();
    for (model, balance) in books.balances() {
        let (lower, upper) = balance.unaccounted();
        let score = balance.score();
        let test = match balance.test(parameters.false_alarm) {
            Alarm::Overdrawn => "overdrawn",
            Alarm::Quiet => "quiet",
            Alarm::Unaccounted => "unaccounted",
            Alarm::Unclear => "unclear",
        };
        balances.insert(
            model.to_owned(),
            json!({
                "unaccounted": pair(&lower, &upper),
                "charged": balance.charged().to_string(),
                "variance_e12": balance.spread().variance().to_string(),
                "test": test,
                "score": pair(&score.least, &score.most),
                "hidden": balance.hidden(&parameters).to_string(),
            }),
        );
    }
    let mut answer = json!({ "balances": balances });
    if given["peaks"].is_object() {
        let resolution = books.resolution(&parameters);
        let peak = |model: &str| Some(given["peaks"].get(model)?.as_str()?.parse().unwrap());
        let devices: NonZeroU64 = get(given, "devices");
        let device = given["device"].as_str().unwrap();
        answer["flop"] = told(resolution.flop(peak));
        answer["millidays"] = told(resolution.millidays(devices, device, peak));
        answer["excludes"] = json!(resolution.excludes(get(given, "goal"), peak));
    }
    answer
}

fn difference(given: &Value) -> Value {
    let parameters = parameters(given);
    let mut sum = Difference::default();
    for pair in list(given, "pairs") {
        sum.add(&Difference::of(
            term(&pair["declared"]),
            term(&pair["measured"]),
        ));
    }
    let (lower, upper) = sum.bounds();
    let score = sum.score();
    let test = match sum.test(parameters.false_alarm) {
        Disagreement::DeclaredLess => "declared-less",
        Disagreement::DeclaredMore => "declared-more",
        Disagreement::Quiet => "quiet",
        Disagreement::Unclear => "unclear",
    };
    json!({
        "bounds": pair(lower, upper),
        "variance_e12": sum.spread().variance().to_string(),
        "test": test,
        "score": pair(&score.least, &score.most),
        "hidden": sum.hidden(&parameters).to_string(),
    })
}

fn cusum(given: &Value) -> Value {
    let mut cusum = Cusum::new(&Parameters {
        cusum_allowance: get(given, "allowance"),
        cusum_limit: get(given, "limit"),
        ..Parameters::default()
    });
    let scores = list(given, "scores").iter();
    cusum.extend(scores.map(|one| Score::exactly(one.as_str().unwrap().parse().unwrap())));
    let (missing, surplus) = cusum.sums();
    let alarm = cusum.alarm().map(|alarm| {
        let drift = match alarm.drift {
            Drift::Missing => "missing",
            Drift::Surplus => "surplus",
        };
        json!({
            "index": alarm.index.to_string(),
            "since": alarm.since.to_string(),
            "drift": drift,
        })
    });
    json!({ "sums": pair(&missing, &surplus), "alarm": alarm })
}

fn limit(given: &Value) -> Value {
    let parameters = Parameters {
        false_alarm: ErrorLevel::new(ppm(given, "false_alarm_ppm")).unwrap(),
        cusum_allowance: get(given, "allowance"),
        cusum_limit: get(given, "limit"),
        ..Parameters::default()
    };
    json!({ "limit": told(parameters.cusum_limit_of(get(given, "scores"))) })
}

fn residuals(given: &Value) -> Value {
    let mut residuals = Residuals::default();
    let scores = list(given, "pairs").iter().map(|both| {
        let told = |side: &str| Told {
            term: term(&both[side]),
            more: get(&both[side], "more"),
        };
        let score = residuals.push(told("declared"), told("measured"));
        score.map(|score| pair(&score.least, &score.most))
    });
    json!({ "scores": scores.collect::<Vec<_>>() })
}

fn read(given: &Value) -> Value {
    let parsed = match Parameters::parse(given["toml"].as_str().unwrap()) {
        Ok(parsed) => parsed,
        Err(ParameterError::Field { .. }) => return json!({ "refused": "field" }),
        Err(ParameterError::Toml(_)) => return json!({ "refused": "toml" }),
        Err(other) => panic!("{other}"),
    };
    let errors: BTreeMap<&str, Value> = Source::ALL
        .iter()
        .map(|source| {
            let error = parsed.error(*source);
            let both = pair(&error.random.get(), &error.systematic.get());
            (source.as_str(), both)
        })
        .collect();
    json!({
        "false_alarm_ppm": parsed.false_alarm.probability().get().to_string(),
        "missed_ppm": parsed.missed.probability().get().to_string(),
        "utilisation_ppm": parsed.utilisation.get().to_string(),
        "kappa_ppm": parsed.kappa.get().to_string(),
        "goal_flop": parsed.goal.to_string(),
        "device": parsed.device,
        "cusum_allowance": parsed.cusum_allowance.to_string(),
        "cusum_limit": parsed.cusum_limit.to_string(),
        "errors": errors,
    })
}

fn answer(kind: &str, given: &Value) -> Value {
    match kind {
        "balance" => balance(given),
        "conversion" => {
            let conversion = Conversion {
                goal: get(given, "goal"),
                devices: get(given, "devices"),
                peak: get(given, "peak"),
                utilisation: ppm(given, "utilisation_ppm"),
            };
            json!({
                "seconds": told(conversion.seconds()),
                "outruns": conversion.outruns(get(given, "latency")),
            })
        }
        "cusum" => cusum(given),
        "difference" => difference(given),
        "energy" => {
            let rating = Rating {
                peak: get(given, "peak"),
                watts: get(given, "watts"),
                kappa: ppm(given, "kappa_ppm"),
            };
            let halted = rating.halted_watts(get(given, "goal"), get(given, "seconds"));
            json!({
                "most_flop": told(rating.most_flop(get(given, "joules"))),
                "least_joules": told(rating.least_joules(get(given, "flop"))),
                "halted_watts": told(halted),
            })
        }
        "facility" => json!({ "joules": told(accelerator_joules(
            get(given, "joules"),
            ppm(given, "least_pue_ppm"),
            get(given, "other"),
        )) }),
        "interval" => {
            let resolution = Resolution::of_interval("h100-sxm", interval(given));
            let (_, seconds) = resolution.device_seconds().next().unwrap();
            json!({ "device_seconds": seconds.to_string() })
        }
        "limit" => limit(given),
        "parameters" => read(given),
        "quantity" => json!({ "device_seconds": told(significant_quantity(
            get(given, "goal"),
            get(given, "peak"),
            ppm(given, "utilisation_ppm"),
        )) }),
        "residuals" => residuals(given),
        other => panic!("nobody knows the kind `{other}`"),
    }
}

// spec: acc-1 acc-2 acc-3 acc-4 acc-5 acc-6 acc-7 acc-8 acc-9 acc-10 acc-11 acc-12 acc-14
// spec: acc-15 acc-16 acc-17 acc-18 acc-19 acc-20 acc-23 acc-24
#[test]
fn every_scenario_is_answered_as_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(root.join("specs/accounting.md")).unwrap();
    let mut seen = 0;
    let mut faults = Vec::new();
    for entry in fs::read_dir(root.join("fixtures/accounting")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let scenario: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        for id in list(&scenario, "spec") {
            let id = id.as_str().unwrap();
            assert!(document.contains(&format!("**[{id}]**")), "{id}");
        }
        let found = answer(scenario["kind"].as_str().unwrap(), &scenario["given"]);
        if found != scenario["expect"] {
            faults.push(format!(
                "{}: {}\n expected {}\n found    {found}",
                path.file_name().unwrap().display(),
                scenario["what"],
                scenario["expect"],
            ));
        }
        seen += 1;
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert!(seen >= 80, "only {seen} scenarios");
}

#[test]
fn a_refusal_names_the_key_its_value_and_what_would_do() {
    let refused = |text: &str| Parameters::parse(text).unwrap_err().to_string();
    assert_eq!(
        refused("[accounting]\nmissed_ppm = 30000"),
        "`accounting.missed_ppm` is `30000`: only these are tabulated: 1000, 2000, 5000, 10000, \
         20000, 25000, 50000, 100000, 200000, 250000, 300000, 400000, 500000"
    );
    assert_eq!(
        refused("[accounting.errors.oracle]\nrandom_ppm = 1\nsystematic_ppm = 1"),
        "`accounting.errors` is `oracle`: `oracle` is not a source of error"
    );
    assert_eq!(
        refused("[accounting]\ndevice = \"a\\u001B[2J\""),
        "`accounting.device` is `a\\u{1b}[2J`: it must be an id of a catalogue"
    );
}

/// A trust file holds the table beside others.
#[test]
fn parameters_are_a_field_of_whatever_holds_them() {
    #[derive(serde::Deserialize)]
    struct Holder {
        #[serde(default)]
        accounting: Parameters,
    }
    let read = |text: &str| toml::from_str::<Holder>(text).map(|holder| holder.accounting);
    assert_eq!(read("policy = \"p\"").unwrap(), Parameters::default());
    let stated = read("[accounting]\ngoal_flop = \"7\"").unwrap();
    assert_eq!(stated.goal, Quantity::from(7));
    let refused = read("[accounting]\nkappa_ppm = 1").unwrap_err().to_string();
    assert!(
        refused.contains("`accounting.kappa_ppm` is `1`"),
        "{refused}"
    );
}
