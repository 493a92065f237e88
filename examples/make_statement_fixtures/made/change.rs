//! How an example is changed: at a member, by its path as fixtures spell it, such as
//! `figures[0].model`.

use serde_json::Value;

/// What a fixture shows: rules that are kept, or one that is broken at a member.
pub struct About {
    pub spec: String,
    pub what: String,
    pub at: Option<String>,
}

impl About {
    pub fn new(what: &str) -> Self {
        Self {
            spec: String::new(),
            what: what.to_owned(),
            at: None,
        }
    }
}

/// What is made from JSON that is changed.
pub trait Changed: Sized {
    fn json(&mut self) -> &mut Value;

    fn about(&mut self) -> &mut About;

    fn edit(mut self, edit: impl FnOnce(&mut Value)) -> Self {
        edit(self.json());
        self
    }

    /// Puts a value at a member, which need not be there.
    fn set(self, path: &str, value: impl Into<Value>) -> Self {
        self.edit(|json| *member(json, path) = value.into())
    }

    fn without(self, path: &str) -> Self {
        self.edit(|json| drop_member(json, path))
    }

    /// Says which rules it shows kept.
    fn keeps(mut self, spec: &str) -> Self {
        spec.clone_into(&mut self.about().spec);
        self
    }

    /// Says which rule it breaks, and at which member.
    fn breaks(mut self, spec: &str, at: &str) -> Self {
        self.about().at = Some(at.to_owned());
        self.keeps(spec)
    }

    /// Puts a value at the member that breaks the rule.
    fn with(mut self, value: impl Into<Value>) -> Self {
        let at = self.about().at.clone().unwrap();
        self.set(&at, value)
    }

    /// Breaks a rule by the want of a member.
    fn lacks(self, spec: &str, at: &str) -> Self {
        self.breaks(spec, at).without(at)
    }
}

/// The member at a path: null if it is not there.
fn member<'a>(json: &'a mut Value, path: &str) -> &'a mut Value {
    path.split(['.', '[']).fold(json, |json, step| {
        let number = step.strip_suffix(']');
        match number {
            Some(number) => &mut json[number.parse::<usize>().unwrap()],
            None => &mut json[step],
        }
    })
}

/// Takes a member away.
pub fn drop_member(json: &mut Value, path: &str) {
    let (object, name) = match path.rsplit_once('.') {
        Some((object, name)) => (member(json, object), name),
        None => (json, path),
    };
    object.as_object_mut().unwrap().remove(name).unwrap();
}

/// The items of a list.
pub fn items(list: &mut Value) -> &mut Vec<Value> {
    list.as_array_mut().unwrap()
}
