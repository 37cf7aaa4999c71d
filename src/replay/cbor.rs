//! The part of CBOR (RFC 8949) that AWS uses, to and from JSON.
//!
//! JSON has no timestamps and no bytes: they are `{"$timestamp": 1700000000}` and `{"$base64": "..."}`. A number with a
//! decimal point is a CBOR float, one without is an integer, and SDK clients tell the two apart: a threshold is `80.0`.

use serde_json::{Map, Number, Value};

/// Deeper bodies than this are no AWS answers.
const DEEPEST: usize = 64;

/// CBOR that cannot be JSON, or the reverse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CborError {
    /// The bytes end inside a value.
    #[error("it ends inside a value")]
    Short,
    /// Bytes follow the value.
    #[error("there is something after its end")]
    Trailing,
    /// A construct that AWS does not send.
    #[error("it holds a construct that is not supported here: {0}")]
    Unsupported(&'static str),
}

/// Returns a JSON value as CBOR.
pub(super) fn encode(value: &Value) -> Result<Vec<u8>, CborError> {
    let mut out = Vec::new();
    write(value, &mut out)?;
    Ok(out)
}

fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), CborError> {
    match value {
        Value::Null => out.push(0xf6),
        Value::Bool(false) => out.push(0xf4),
        Value::Bool(true) => out.push(0xf5),
        Value::Number(number) => write_number(number, out)?,
        Value::String(text) => write_text(text, out),
        Value::Array(items) => {
            head(4, items.len() as u64, out);
            for item in items {
                write(item, out)?;
            }
        }
        Value::Object(members) => write_object(members, out)?,
    }
    Ok(())
}

fn write_object(members: &Map<String, Value>, out: &mut Vec<u8>) -> Result<(), CborError> {
    if members.len() == 1 {
        match members.iter().next() {
            Some((name, Value::Number(seconds))) if name == "$timestamp" => {
                head(6, 1, out);
                return write_number(seconds, out);
            }
            Some((name, Value::String(text))) if name == "$base64" => {
                let bytes = aws_smithy_types::base64::decode(text)
                    .map_err(|_| CborError::Unsupported("`$base64` that is not base64"))?;
                head(2, bytes.len() as u64, out);
                out.extend(bytes);
                return Ok(());
            }
            _ => {}
        }
    }
    head(5, members.len() as u64, out);
    for (name, value) in members {
        write_text(name, out);
        write(value, out)?;
    }
    Ok(())
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    head(3, text.len() as u64, out);
    out.extend(text.as_bytes());
}

fn write_number(number: &Number, out: &mut Vec<u8>) -> Result<(), CborError> {
    if let Some(unsigned) = number.as_u64() {
        head(0, unsigned, out);
    } else if let Some(signed) = number.as_i64() {
        head(1, !(signed as u64), out);
    } else if let Some(float) = number.as_f64() {
        out.push(0xfb);
        out.extend(float.to_be_bytes());
    } else {
        return Err(CborError::Unsupported("a number beyond 64 bits"));
    }
    Ok(())
}

fn head(major: u8, argument: u64, out: &mut Vec<u8>) {
    let major = major << 5;
    match argument {
        0..=23 => out.push(major | argument as u8),
        24..=0xff => out.extend([major | 24, argument as u8]),
        0x100..=0xffff => {
            out.push(major | 25);
            out.extend((argument as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(major | 26);
            out.extend((argument as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend(argument.to_be_bytes());
        }
    }
}

/// Returns CBOR as a JSON value.
pub(super) fn decode(bytes: &[u8]) -> Result<Value, CborError> {
    let mut reader = Reader { rest: bytes };
    let value = reader.value(0)?;
    if reader.rest.is_empty() { Ok(value) } else { Err(CborError::Trailing) }
}

struct Reader<'a> {
    rest: &'a [u8],
}

/// The first byte of a value: its kind and its size, count or content.
struct Head {
    major: u8,
    short: u8,
    /// Nothing for a value of indefinite length.
    argument: Option<u64>,
}

const BREAK: u8 = 0xff;

impl Reader<'_> {
    fn take(&mut self, count: u64) -> Result<&[u8], CborError> {
        let count = usize::try_from(count).map_err(|_| CborError::Short)?;
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(CborError::Short)?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, CborError> {
        self.take(1)?.first().copied().ok_or(CborError::Short)
    }

    fn at_break(&mut self) -> Result<bool, CborError> {
        match self.rest.split_first() {
            Some((&BREAK, rest)) => {
                self.rest = rest;
                Ok(true)
            }
            Some(_) => Ok(false),
            None => Err(CborError::Short),
        }
    }

    fn head(&mut self) -> Result<Head, CborError> {
        let first = self.byte()?;
        let (major, short) = (first >> 5, first & 0x1f);
        let argument = match short {
            0..=23 => Some(u64::from(short)),
            24..=27 => {
                let bytes = self.take(1 << (short - 24))?;
                Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
            }
            31 => None,
            _ => return Err(CborError::Unsupported("a reserved length")),
        };
        Ok(Head { major, short, argument })
    }

    fn value(&mut self, depth: usize) -> Result<Value, CborError> {
        if depth > DEEPEST {
            return Err(CborError::Unsupported("nesting beyond 64 levels"));
        }
        let Head { major, short, argument } = self.head()?;
        match (major, argument) {
            (0, Some(number)) => Ok(Value::from(number)),
            (1, Some(number)) => match i64::try_from(number) {
                Ok(number) => Ok(Value::from(!number)),
                Err(_) => Err(CborError::Unsupported("an integer below 64 bits")),
            },
            (2 | 3, length) => self.string(major, length),
            (4, count) => self.array(count, depth),
            (5, count) => self.map(count, depth),
            (6, Some(1)) => {
                let seconds = self.value(depth + 1)?;
                Ok(Value::Object(Map::from_iter([("$timestamp".to_owned(), seconds)])))
            }
            (6, _) => Err(CborError::Unsupported("a tag other than a timestamp")),
            (7, Some(content)) => simple(short, content),
            _ => Err(CborError::Unsupported("a break outside a collection")),
        }
    }

    fn string(&mut self, major: u8, length: Option<u64>) -> Result<Value, CborError> {
        let bytes = match length {
            Some(length) => self.take(length)?.to_vec(),
            None => {
                let mut bytes = Vec::new();
                while !self.at_break()? {
                    match self.head()? {
                        Head { major: piece, argument: Some(length), .. } if piece == major => {
                            bytes.extend(self.take(length)?);
                        }
                        _ => return Err(CborError::Unsupported("a string in pieces of another kind")),
                    }
                }
                bytes
            }
        };
        if major == 2 {
            let text = aws_smithy_types::base64::encode(bytes);
            return Ok(Value::Object(Map::from_iter([("$base64".to_owned(), Value::from(text))])));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Value::String(text)),
            Err(_) => Err(CborError::Unsupported("text that is not UTF-8")),
        }
    }

    fn array(&mut self, count: Option<u64>, depth: usize) -> Result<Value, CborError> {
        let mut items = Vec::new();
        while self.more(count, items.len() as u64)? {
            items.push(self.value(depth + 1)?);
        }
        Ok(Value::Array(items))
    }

    fn map(&mut self, count: Option<u64>, depth: usize) -> Result<Value, CborError> {
        let mut members = Map::new();
        let mut read = 0;
        while self.more(count, read)? {
            let Value::String(name) = self.value(depth + 1)? else {
                return Err(CborError::Unsupported("a member whose name is not text"));
            };
            members.insert(name, self.value(depth + 1)?);
            read += 1;
        }
        Ok(Value::Object(members))
    }

    fn more(&mut self, count: Option<u64>, read: u64) -> Result<bool, CborError> {
        match count {
            Some(count) => Ok(read < count),
            None => Ok(!self.at_break()?),
        }
    }
}

fn simple(short: u8, content: u64) -> Result<Value, CborError> {
    let float = match (short, content) {
        (20, _) => return Ok(Value::Bool(false)),
        (21, _) => return Ok(Value::Bool(true)),
        (22 | 23, _) => return Ok(Value::Null),
        (25, bits) => half(bits as u16),
        (26, bits) => f64::from(f32::from_bits(bits as u32)),
        (27, bits) => f64::from_bits(bits),
        _ => return Err(CborError::Unsupported("a simple value")),
    };
    match Number::from_f64(float) {
        Some(number) => Ok(Value::Number(number)),
        None => Err(CborError::Unsupported("a float that is not a number")),
    }
}

/// A half-precision float; the standard library has none.
fn half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff);
    let magnitude = match (bits >> 10) & 0x1f {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1024.0 + fraction) * 2f64.powi(i32::from(exponent) - 25),
    };
    if bits & 0x8000 == 0 { magnitude } else { -magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_survives_the_way_to_cbor_and_back() {
        let value = json!({
            "text": "é", "empty": "", "small": 7, "byte": 200, "word": 70_000, "wide": u64::MAX, "minus": -1,
            "far": i64::MIN, "float": 80.0, "yes": true, "no": false, "none": null, "list": [1, [2], {}],
            "at": {"$timestamp": 1_700_000_000}, "precise": {"$timestamp": 1.5}, "bytes": {"$base64": "AAEC"},
            "long": "x".repeat(300),
        });
        assert_eq!(decode(&encode(&value).unwrap()).unwrap(), value);
    }

    #[test]
    fn a_float_stays_a_float_and_an_integer_an_integer() {
        assert_eq!(encode(&json!(80.0)).unwrap()[0], 0xfb);
        assert_eq!(encode(&json!(80)).unwrap(), [0x18, 80]);
        assert_eq!(decode(&[0xf9, 0x55, 0x00]).unwrap(), json!(80.0), "half precision");
        assert_eq!(decode(&[0xfa, 0x42, 0xa0, 0x00, 0x00]).unwrap(), json!(80.0), "single precision");
    }

    #[test]
    fn collections_and_strings_without_a_length_are_read_to_their_end() {
        let bytes = [0xbf, 0x61, b'a', 0x9f, 1, 2, 0xff, 0x61, b'b', 0x7f, 0x61, b'x', 0x61, b'y', 0xff, 0xff];
        assert_eq!(decode(&bytes).unwrap(), json!({"a": [1, 2], "b": "xy"}));
    }

    #[test]
    fn cut_off_trailing_and_foreign_bytes_are_errors() {
        assert_eq!(decode(&[0xa1, 0x61]).unwrap_err(), CborError::Short);
        assert_eq!(decode(&[0x01, 0x01]).unwrap_err(), CborError::Trailing);
        assert_eq!(decode(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).unwrap_err(), CborError::Short);
        assert_eq!(decode(&[0x81; 100]).unwrap_err(), CborError::Unsupported("nesting beyond 64 levels"));
        assert_eq!(decode(b"<<<").unwrap_err(), CborError::Trailing);
        assert_eq!(decode(&[0xc0, 0x01]).unwrap_err(), CborError::Unsupported("a tag other than a timestamp"));
    }
}
