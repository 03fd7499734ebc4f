use std::collections::BTreeMap;

use baeum_core::{Limit, Limits};

use super::globals::Global;
use super::op;
use super::rebuild::{Made, call, storage};
use super::value::{Ref, Value, Values};
use crate::error::ReadError;
use crate::wire::cursor::Cursor;

/// Runs the opcodes of one pickle over an explicit stack.
pub(super) struct Machine<'a> {
    cursor: Cursor<'a>,
    limits: &'a Limits,
    values: Values,
    stack: Vec<Ref>,
    /// How high the stack was at each mark.
    marks: Vec<usize>,
    memo: BTreeMap<u32, Ref>,
}

impl<'a> Machine<'a> {
    pub(super) fn new(bytes: &'a [u8], limits: &'a Limits) -> Machine<'a> {
        let cursor = Cursor::new("pickle", bytes, 0);
        Machine {
            cursor,
            limits,
            values: Values::default(),
            stack: vec![],
            marks: vec![],
            memo: BTreeMap::new(),
        }
    }

    /// The values built, and the one that the pickle stands for.
    pub(super) fn run(mut self) -> Result<(Values, Ref), ReadError> {
        let start = self.cursor.clone();
        match self.cursor.array()? {
            [op::PROTO, 2] => {}
            [op::PROTO, other] => return Err(start.refuse("protocol 2", other)),
            _ => return Err(start.refuse("protocol 2", "another beginning")),
        }
        for done in 1.. {
            self.admit(Limit::PickleOps, done)?;
            let at = self.cursor.clone();
            let opcode = self.cursor.u8()?;
            if opcode == op::STOP {
                return self.stop();
            }
            self.step(opcode, &at)?;
        }
        Err(start.refuse("an end", "none"))
    }

    fn stop(mut self) -> Result<(Values, Ref), ReadError> {
        let root = self.pop()?;
        match (self.stack.len() + self.marks.len(), self.cursor.left()) {
            (0, 0) => Ok((self.values, root)),
            (0, left) => Err(self.cursor.refuse("its end", format!("{left} more bytes"))),
            (others, _) => Err(self.cursor.refuse("one value at its end", others + 1)),
        }
    }

    /// One opcode; `at` is where it stands.
    fn step(&mut self, opcode: u8, at: &Cursor<'_>) -> Result<(), ReadError> {
        match opcode {
            op::GLOBAL => self.global(at),
            op::REDUCE => self.reduce(),
            op::BUILD => self.build(),
            op::BINPERSID => self.persistent(),
            op::MARK => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            op::NONE => self.push(Value::None),
            op::NEWTRUE => self.push(Value::Bool(true)),
            op::NEWFALSE => self.push(Value::Bool(false)),
            op::BININT1 | op::BININT2 | op::BININT | op::LONG1 => self.int(opcode),
            op::BINFLOAT => {
                let bits = self.cursor.array()?;
                self.push(Value::Float(f64::from_be_bytes(bits)))
            }
            op::BINUNICODE => self.text(),
            op::EMPTY_TUPLE | op::TUPLE1 | op::TUPLE2 | op::TUPLE3 | op::TUPLE => self.tuple(opcode),
            op::EMPTY_LIST => self.push(Value::List(vec![])),
            op::APPEND | op::APPENDS => self.append(opcode),
            op::EMPTY_DICT => self.push(Value::Dict { items: vec![], state: None }),
            op::SETITEM | op::SETITEMS => self.set_items(opcode),
            op::BINPUT | op::LONG_BINPUT | op::BINGET | op::LONG_BINGET => self.remember(opcode),
            other => Err(at.refuse("an operation that builds plain values", format!("{other:#04x}"))),
        }
    }

    fn global(&mut self, at: &Cursor<'_>) -> Result<(), ReadError> {
        let (module, name) = (self.line()?, self.line()?);
        match Global::find(&module, &name) {
            Some(global) => self.push(Value::Global(global)),
            None => Err(at.refuse("names of tensors and containers alone", format!("`{module}.{name}`"))),
        }
    }

    fn line(&mut self) -> Result<String, ReadError> {
        let mut line = vec![];
        loop {
            match self.cursor.u8()? {
                b'\n' => break,
                byte => line.push(byte),
            }
            self.admit(Limit::PickleStringBytes, line.len() as u64)?;
        }
        String::from_utf8(line).map_err(|_| self.cursor.refuse("UTF-8 text before it", "other bytes"))
    }

    fn int(&mut self, opcode: u8) -> Result<(), ReadError> {
        let number = match opcode {
            op::BININT1 => self.cursor.u8()?.into(),
            op::BININT2 => self.cursor.u16()?.into(),
            op::BININT => i32::from_le_bytes(self.cursor.array()?).into(),
            _ => self.long()?,
        };
        self.push(Value::Int(number))
    }

    /// A two's complement of any length; we read up to eight bytes.
    fn long(&mut self) -> Result<i64, ReadError> {
        let length = self.cursor.u8()?;
        if length > 8 {
            return Err(self.cursor.refuse("integers of at most 8 bytes", length));
        }
        let bytes = self.cursor.take(length.into())?;
        let sign = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
        let mut whole = [sign; 8];
        whole[..bytes.len()].copy_from_slice(bytes);
        Ok(i64::from_le_bytes(whole))
    }

    fn text(&mut self) -> Result<(), ReadError> {
        let length = self.cursor.u32()?;
        self.admit(Limit::PickleStringBytes, length.into())?;
        let text = self.cursor.text(length as usize)?.to_owned();
        self.push(Value::Text(text))
    }

    fn tuple(&mut self, opcode: u8) -> Result<(), ReadError> {
        let items = match opcode {
            op::EMPTY_TUPLE => vec![],
            op::TUPLE1 => self.pop_n(1)?,
            op::TUPLE2 => self.pop_n(2)?,
            op::TUPLE3 => self.pop_n(3)?,
            _ => self.pop_mark()?,
        };
        self.push(Value::Tuple(items))
    }

    fn append(&mut self, opcode: u8) -> Result<(), ReadError> {
        let mut new = if opcode == op::APPEND { self.pop_n(1)? } else { self.pop_mark()? };
        let list = self.top()?;
        let depth = self.values.deepen(list, &new);
        self.admit(Limit::PickleDepth, depth)?;
        let Value::List(items) = self.values.get_mut(list) else {
            return Err(self.cursor.refuse("a list to append to", "another value"));
        };
        items.append(&mut new);
        Ok(())
    }

    fn set_items(&mut self, opcode: u8) -> Result<(), ReadError> {
        let new = if opcode == op::SETITEM { self.pop_n(2)? } else { self.pop_mark()? };
        let dict = self.top()?;
        let depth = self.values.deepen(dict, &new);
        self.admit(Limit::PickleDepth, depth)?;
        let (pairs, rest) = new.as_chunks::<2>();
        let Value::Dict { items, .. } = self.values.get_mut(dict) else {
            return Err(self.cursor.refuse("a dict to fill", "another value"));
        };
        if !rest.is_empty() {
            return Err(self.cursor.refuse("a value for each key", "a key without one"));
        }
        items.extend(pairs.iter().map(|&[key, value]| (key, value)));
        Ok(())
    }

    fn remember(&mut self, opcode: u8) -> Result<(), ReadError> {
        let place = match opcode {
            op::BINPUT | op::BINGET => self.cursor.u8()?.into(),
            _ => self.cursor.u32()?,
        };
        if opcode == op::BINPUT || opcode == op::LONG_BINPUT {
            let top = self.top()?;
            self.memo.insert(place, top);
            return Ok(());
        }
        let found = self.memo.get(&place).copied();
        let missing = || self.cursor.refuse("to recall what was remembered", format!("memo {place}"));
        self.stack.push(found.ok_or_else(missing)?);
        Ok(())
    }

    fn build(&mut self) -> Result<(), ReadError> {
        let new = self.pop()?;
        let target = self.top()?;
        let depth = self.values.deepen(target, &[new]);
        self.admit(Limit::PickleDepth, depth)?;
        let Value::Dict { state: state @ None, .. } = self.values.get_mut(target) else {
            return Err(self.cursor.refuse("attributes of a dict, given once", "other ones"));
        };
        *state = Some(new);
        Ok(())
    }

    fn persistent(&mut self) -> Result<(), ReadError> {
        let id = self.pop()?;
        let found = storage(&self.values, id);
        let wanted = "the id (\"storage\", class, key, device, count)";
        let held = found.ok_or_else(|| self.cursor.refuse(wanted, "another one"))?;
        self.push(Value::Storage(held))
    }

    fn reduce(&mut self) -> Result<(), ReadError> {
        let (arguments, callable) = (self.pop()?, self.pop()?);
        let found = match (self.values.global(callable), self.values.tuple(arguments)) {
            (Some(global), Some(arguments)) => call(&self.values, global, arguments),
            _ => None,
        };
        match found {
            Some(Made::New(value)) => self.push(value),
            Some(Made::Same(place)) => {
                self.stack.push(place);
                Ok(())
            }
            None => Err(self.cursor.refuse("a tensor or an ordered dict to rebuild", "other arguments")),
        }
    }

    fn push(&mut self, value: Value) -> Result<(), ReadError> {
        self.admit(Limit::PickleNodes, self.values.len() + 1)?;
        let (place, depth) = self.values.push(value);
        self.stack.push(place);
        self.admit(Limit::PickleDepth, depth)
    }

    fn admit(&self, limit: Limit, found: u64) -> Result<(), ReadError> {
        Ok(self.limits.admit(limit, "the pickle", found)?)
    }

    fn pop(&mut self) -> Result<Ref, ReadError> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn pop_n(&mut self, count: usize) -> Result<Vec<Ref>, ReadError> {
        let mut items: Vec<Ref> = (0..count).map(|_| self.pop()).collect::<Result<_, _>>()?;
        items.reverse();
        Ok(items)
    }

    fn pop_mark(&mut self) -> Result<Vec<Ref>, ReadError> {
        let mark = self.marks.pop().ok_or_else(|| self.cursor.refuse("a mark before it", "none"))?;
        Ok(self.stack.split_off(mark))
    }

    /// The last value. What lies below a mark belongs to the value that is being built there.
    fn top(&self) -> Result<Ref, ReadError> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let top = self.stack.get(floor..).and_then(|above| above.last()).copied();
        top.ok_or_else(|| self.cursor.refuse("a value before it", "none"))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
mod tests {
    use super::super::{Pickle, Storage, View, Writer};
    use super::*;

    fn limits() -> Limits {
        Limits {
            pickle_ops: 1000,
            pickle_nodes: 100,
            pickle_string_bytes: 50,
            pickle_depth: 10,
            ..Limits::default()
        }
    }

    fn read(body: &[u8]) -> Result<Pickle, ReadError> {
        Pickle::read(&[b"\x80\x02", body].concat(), &limits())
    }

    #[track_caller]
    fn refused(body: &[u8], expect: &str) {
        assert_eq!(read(body).err().map(|error| error.to_string()).as_deref(), Some(expect));
    }

    fn tensor(pickle: &mut Writer) {
        pickle.global("torch._utils", "_rebuild_tensor_v2");
        pickle.tuple(|p| {
            p.tuple(|p| {
                p.text("storage");
                p.global("torch", "FloatStorage");
                p.text("0");
                p.text("cpu");
                p.int(6);
            });
            p.persistent();
            p.int(0);
            p.tuple(|p| [2, 3].into_iter().for_each(|n| p.int(n)));
            p.tuple(|p| [3, 1].into_iter().for_each(|n| p.int(n)));
            p.no();
            p.global("collections", "OrderedDict");
            p.empty_tuple();
            p.reduce();
        });
        pickle.reduce();
    }

    #[test]
    fn a_tensor_is_read_as_written() {
        let mut pickle = Writer::new();
        tensor(&mut pickle);
        let pickle = Pickle::read(&pickle.finish(), &limits()).unwrap();
        let Value::Tensor(View { storage, element, offset: 0, sizes, strides }) = pickle.root() else {
            panic!()
        };
        assert_eq!(
            (element.to_string().as_str(), &sizes[..], &strides[..]),
            ("torch.float32", &[2, 3][..], &[3, 1][..])
        );
        let Value::Storage(Storage { key, len: 6, .. }) = pickle.get(*storage) else { panic!() };
        assert_eq!(pickle.get(*key), &Value::Text("0".to_owned()));
    }

    #[test]
    fn numbers_are_read_in_every_width() {
        let root = |body: &[u8]| read(body).unwrap().root().clone();
        assert_eq!(root(b"K\xff."), Value::Int(255));
        assert_eq!(root(b"M\xff\xff."), Value::Int(65_535));
        assert_eq!(root(b"J\xff\xff\xff\xff."), Value::Int(-1));
        assert_eq!(root(b"\x8a\0."), Value::Int(0));
        assert_eq!(root(b"\x8a\x01\x80."), Value::Int(-128));
        assert_eq!(root(b"\x8a\x08\0\0\0\0\0\0\0\x80."), Value::Int(i64::MIN));
        assert_eq!(root(b"G\x3f\xe0\0\0\0\0\0\0."), Value::Float(0.5));
    }

    #[test]
    fn what_was_remembered_is_the_same_value_and_no_copy() {
        let pickle = read(b"]q\0h\0\x86.").unwrap();
        let Value::Tuple(items) = pickle.root() else { panic!() };
        assert_eq!(items[0], items[1]);
    }

    #[test]
    fn nothing_else_can_be_named_or_called() {
        refused(
            b"cos\nsystem\n.",
            "pickle at byte 2 wants names of tensors and containers alone, got `os.system`",
        );
        refused(
            b"c__builtin__\neval\n(X\x01\0\0\x001tR.",
            "pickle at byte 2 wants names of tensors and containers alone, got `__builtin__.eval`",
        );
        refused(
            b"ctorch\nFloatStorage\n)R.",
            "pickle at byte 24 wants a tensor or an ordered dict to rebuild, got other arguments",
        );
        refused(
            b"ctorch._utils\n_rebuild_tensor_v2\n)R.",
            "pickle at byte 37 wants a tensor or an ordered dict to rebuild, got other arguments",
        );
        refused(b")\x81.", "pickle at byte 3 wants an operation that builds plain values, got 0x81");
        refused(
            b"X\x01\0\0\0aQ.",
            "pickle at byte 9 wants the id (\"storage\", class, key, device, count), got another one",
        );
    }

    #[test]
    fn another_protocol_is_refused() {
        let error = Pickle::read(b"\x80\x04N.", &limits()).err().unwrap().to_string();
        assert_eq!(error, "pickle at byte 0 wants protocol 2, got 4");
    }

    #[test]
    fn a_stack_that_runs_dry_is_refused() {
        refused(b".", "pickle at byte 3 wants a value before it, got none");
        refused(b"t.", "pickle at byte 3 wants a mark before it, got none");
        refused(b"K\x01(R.", "pickle at byte 6 wants a value before it, got none");
        refused(b"h\x07.", "pickle at byte 4 wants to recall what was remembered, got memo 7");
        refused(b"NN.", "pickle at byte 5 wants one value at its end, got 2");
        refused(b"N.N", "pickle at byte 4 wants its end, got 1 more bytes");
        refused(b"}(Nu.", "pickle at byte 6 wants a value for each key, got a key without one");
        refused(b"N", "pickle at byte 3 wants 1 more bytes, got 0");
    }

    #[track_caller]
    fn over(body: &[u8], limit: &str) {
        refused(body, &format!("the pickle wants at most {limit} raises the limit"));
    }

    #[test]
    fn each_limit_ends_what_would_exhaust_it() {
        over(&b"N".repeat(101), "100 objects, got 101; `run.limits.pickle_nodes`");
        over(
            &[b"N", &b"q\0".repeat(1000)[..]].concat(),
            "1000 operations, got 1001; `run.limits.pickle_ops`",
        );
        over(b"X\xff\xff\xff\xff", "50 bytes in a string, got 4294967295; `run.limits.pickle_string_bytes`");
        over(
            &[b"c", &[b'a'; 60][..]].concat(),
            "50 bytes in a string, got 51; `run.limits.pickle_string_bytes`",
        );
        let deep = "10 levels of nesting, got 11; `run.limits.pickle_depth`";
        over(&[b")", &b"\x85".repeat(10)[..]].concat(), deep);
        over(&[b"]q\0", &b"]h\0aq\0".repeat(10)[..]].concat(), deep);
        refused(b"\x8a\xff", "pickle at byte 4 wants integers of at most 8 bytes, got 255");
    }

    #[test]
    fn what_is_just_within_the_limits_is_read() {
        assert!(read(&[b")", &b"\x85".repeat(9)[..], b"."].concat()).is_ok());
        assert!(read(&[b"X\x32\0\0\0", &[b'a'; 50][..], b"."].concat()).is_ok());
        assert!(read(&[b"(", &b"N".repeat(99)[..], b"t."].concat()).is_ok());
        assert!(read(&[b"N", &b"q\0".repeat(998)[..], b"."].concat()).is_ok());
    }

    #[test]
    fn a_pickle_cut_anywhere_is_refused() {
        let mut pickle = Writer::new();
        tensor(&mut pickle);
        let bytes = pickle.finish();
        assert!((0..bytes.len()).all(|end| Pickle::read(&bytes[..end], &limits()).is_err()));
    }
}
