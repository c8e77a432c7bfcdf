//! The names that serde reads a type by, so that nothing lists them a second time.

use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer as _, Visitor};
use serde::forward_to_deserialize_any;

/// The fields of a struct; none for other types.
pub(crate) fn fields_of<T: DeserializeOwned>() -> &'static [&'static str] {
    names_of::<T>()
}

/// The values of an enum whose variants hold nothing, in the order that it declares them; none for other types.
pub(crate) fn values_of<T: DeserializeOwned>() -> Vec<T> {
    let read = |name: &&'static str| {
        let name: StrDeserializer<'_, Error> = (*name).into_deserializer();
        T::deserialize(name).ok()
    };
    names_of::<T>().iter().filter_map(read).collect()
}

fn names_of<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    T::deserialize(Probe(&mut names)).ok();
    names
}

/// A reader that gives nothing, and notes which names it is asked for.
struct Probe<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        Err(Error::custom("there is nothing to read"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        *self.0 = variants;
        Err(Error::custom("there is nothing to read"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("there is nothing to read"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase")]
    enum Light {
        Red,
        DarkGreen,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "only the names of the fields are looked at")]
    struct Lamp {
        light: Light,
        is_on: bool,
    }

    #[test]
    fn names_are_those_of_serde() {
        assert_eq!(fields_of::<Lamp>(), ["light", "isOn"]);
        assert_eq!(values_of::<Light>(), [Light::Red, Light::DarkGreen]);
        assert_eq!((fields_of::<serde_json::Value>(), values_of::<bool>()), ([""; 0].as_slice(), vec![]));
    }
}
