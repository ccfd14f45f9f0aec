//! Reading what the child sends, within bounds: it may have been taken over, and a few bytes can stand for much.
//!
//! The length of a message is bounded before it is read (`line`). What is made of it is bounded here: each member of a list
//! is charged with what it takes in memory before it is read, each text with its length, and nesting has an end. A list
//! grows by doubling, so that at most about twice the allowance is in use at a time. wasmtime charges guests by the same
//! sizes when it takes their answers, so a child that is what it was never comes near.

use std::cell::Cell;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

/// Much more than the contract's words have.
const DEPTH: u32 = 64;

/// What is left of an allowance.
struct Left {
    bytes: Cell<usize>,
    depth: Cell<u32>,
}

impl Left {
    fn charge<E: Error>(&self, bytes: usize) -> Result<(), E> {
        let left = self.bytes.get().checked_sub(bytes).ok_or_else(|| E::custom("more than is allowed"))?;
        self.bytes.set(left);
        Ok(())
    }

    /// Something is read within something. What fails is not read on, so only the end of a success has to be noted.
    fn within<T, E: Error>(&self, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let left = self.depth.get().checked_sub(1).ok_or_else(|| E::custom("nested too deeply"))?;
        self.depth.set(left);
        let value = read()?;
        self.depth.set(left + 1);
        Ok(value)
    }
}

/// The first value of a frame, made of at most so many bytes of memory, and what follows it.
pub(super) fn take<'de, T: serde::Deserialize<'de>>(
    frame: &'de [u8],
    most: usize,
) -> postcard::Result<(T, &'de [u8])> {
    let left = Left { bytes: Cell::new(most), depth: Cell::new(DEPTH) };
    let mut reader = postcard::Deserializer::from_bytes(frame);
    let value = T::deserialize(Bounded { inner: &mut reader, left: &left })?;
    Ok((value, reader.finalize()?))
}

/// Whatever serde hands around, with an eye on it.
struct Bounded<'l, T> {
    inner: T,
    left: &'l Left,
}

/// A visitor, of a list or of anything else.
struct Watched<'l, V> {
    inner: V,
    left: &'l Left,
    is_list: bool,
}

macro_rules! forward {
    ($($method:ident($($name:ident: $type:ty),*) $is_list:literal;)*) => { $(
        fn $method<V: Visitor<'de>>(self $(, $name: $type)*, visitor: V) -> Result<V::Value, D::Error> {
            let Self { inner, left } = self;
            inner.$method($($name,)* Watched { inner: visitor, left, is_list: $is_list })
        }
    )* };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Bounded<'_, D> {
    type Error = D::Error;

    forward! {
        deserialize_any() false;
        deserialize_bool() false;
        deserialize_i8() false;
        deserialize_i16() false;
        deserialize_i32() false;
        deserialize_i64() false;
        deserialize_u8() false;
        deserialize_u16() false;
        deserialize_u32() false;
        deserialize_u64() false;
        deserialize_f32() false;
        deserialize_f64() false;
        deserialize_char() false;
        deserialize_str() false;
        deserialize_string() false;
        deserialize_bytes() false;
        deserialize_byte_buf() false;
        deserialize_option() false;
        deserialize_unit() false;
        deserialize_unit_struct(name: &'static str) false;
        deserialize_newtype_struct(name: &'static str) false;
        deserialize_seq() true;
        deserialize_tuple(length: usize) false;
        deserialize_tuple_struct(name: &'static str, length: usize) false;
        deserialize_map() true;
        deserialize_struct(name: &'static str, fields: &'static [&'static str]) false;
        deserialize_enum(name: &'static str, variants: &'static [&'static str]) false;
        deserialize_identifier() false;
        deserialize_ignored_any() false;
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

macro_rules! plain {
    ($($method:ident($type:ty);)*) => { $(
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.inner.$method(value)
        }
    )* };
}

macro_rules! charged {
    ($($method:ident($type:ty);)*) => { $(
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.left.charge(value.len())?;
            self.inner.$method(value)
        }
    )* };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Watched<'_, V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(formatter)
    }

    plain! {
        visit_bool(bool);
        visit_i8(i8);
        visit_i16(i16);
        visit_i32(i32);
        visit_i64(i64);
        visit_u8(u8);
        visit_u16(u16);
        visit_u32(u32);
        visit_u64(u64);
        visit_f32(f32);
        visit_f64(f64);
        visit_char(char);
    }

    charged! {
        visit_str(&str);
        visit_borrowed_str(&'de str);
        visit_string(String);
        visit_bytes(&[u8]);
        visit_borrowed_bytes(&'de [u8]);
        visit_byte_buf(Vec<u8>);
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let Self { inner: visitor, left, .. } = self;
        left.within(|| visitor.visit_some(Bounded { inner, left }))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let Self { inner: visitor, left, .. } = self;
        left.within(|| visitor.visit_newtype_struct(Bounded { inner, left }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let Self { inner: visitor, left, is_list } = self;
        left.within(|| visitor.visit_seq(Watched { inner, left, is_list }))
    }

    fn visit_map<A: MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let Self { inner: visitor, left, is_list } = self;
        left.within(|| visitor.visit_map(Watched { inner, left, is_list }))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let Self { inner: visitor, left, .. } = self;
        left.within(|| visitor.visit_enum(Bounded { inner, left }))
    }
}

impl<A> Watched<'_, A> {
    /// Fields were charged with the member that they are of.
    fn charge<T, E: Error>(&self) -> Result<(), E> {
        if self.is_list { self.left.charge(size_of::<T>().max(1)) } else { Ok(()) }
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Watched<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        // The end of a list is charged as a member, because whether it is the end is seen by reading.
        self.charge::<S::Value, _>()?;
        self.inner.next_element_seed(Bounded { inner: seed, left: self.left })
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Watched<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.charge::<S::Value, _>()?;
        self.inner.next_key_seed(Bounded { inner: seed, left: self.left })
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.charge::<S::Value, _>()?;
        self.inner.next_value_seed(Bounded { inner: seed, left: self.left })
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Bounded<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Bounded { inner, left: self.left })
    }
}

impl<'de, 'l, A: EnumAccess<'de>> EnumAccess<'de> for Bounded<'l, A> {
    type Error = A::Error;
    type Variant = Bounded<'l, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let left = self.left;
        let (value, inner) = self.inner.variant_seed(Bounded { inner: seed, left })?;
        Ok((value, Bounded { inner, left }))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Bounded<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.newtype_variant_seed(Bounded { inner: seed, left: self.left })
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, A::Error> {
        let Self { inner, left } = self;
        inner.tuple_variant(length, Watched { inner: visitor, left, is_list: false })
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let Self { inner, left } = self;
        inner.struct_variant(fields, Watched { inner: visitor, left, is_list: false })
    }
}
