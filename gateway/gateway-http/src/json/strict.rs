//! The first reading: is it JSON, is no key there twice, is it not too deep.

use super::push;
use crate::{Code, Problem};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::{cell::RefCell, collections::BTreeSet, fmt};

/// Deepest nesting that is taken, the outermost object counted. Deeper: refused unread.
pub const MAX_DEPTH: usize = 16;

/// Reads `body` and keeps nothing.
pub(super) fn check(body: &[u8]) -> Result<(), Problem> {
    let place = RefCell::new(Place::default());
    let mut from = serde_json::Deserializer::from_slice(body);
    let read = Strict { depth: 0, place: &place }.deserialize(&mut from);
    read.and_then(|()| from.end()).map_err(|error| {
        let place = place.into_inner();
        let problem = Problem::new(Code::MalformedRequest);
        match place.fault {
            Some(fault) => problem.with_detail(fault).with_pointer(place.pointer()),
            None => problem.with_detail(format!(
                "This is not JSON, at line {}, column {}.",
                error.line(),
                error.column()
            )),
        }
    })
}

/// Where the reader is, and what it found wrong.
#[derive(Debug, Default)]
struct Place {
    path: Vec<String>,
    fault: Option<&'static str>,
}

impl Place {
    fn pointer(&self) -> String {
        let mut out = String::new();
        self.path.iter().for_each(|part| push(&mut out, part));
        out
    }
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    depth: usize,
    place: &'a RefCell<Place>,
}

impl Strict<'_> {
    fn refuse<E: de::Error>(self, why: &'static str) -> E {
        self.place.borrow_mut().fault = Some(why);
        E::custom(why)
    }

    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(self.refuse("This is nested too deep."));
        }
        Ok(Self { depth: self.depth.saturating_add(1), ..self })
    }

    fn enter(self, part: String) {
        self.place.borrow_mut().path.push(part);
    }

    fn leave(self) {
        self.place.borrow_mut().path.pop();
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        let mut index = 0_usize;
        loop {
            self.enter(index.to_string());
            if seq.next_element_seed(inner)?.is_none() {
                self.leave();
                return Ok(());
            }
            self.leave();
            index = index.saturating_add(1);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        let mut seen = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            self.enter(key.clone());
            if !seen.insert(key) {
                return Err(self.refuse("This key is there twice."));
            }
            map.next_value_seed(inner)?;
            self.leave();
        }
        Ok(())
    }
}
