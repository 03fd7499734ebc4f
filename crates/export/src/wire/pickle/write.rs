use super::op;

/// A pickle as it grows. Each method writes one word of the format; the caller says them in an order that makes sense.
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    /// A pickle of protocol 2, still empty.
    pub(crate) fn new() -> Writer {
        Writer(vec![op::PROTO, 2])
    }

    /// Names something of a Python module.
    pub(crate) fn global(&mut self, module: &str, name: &str) {
        self.0.push(op::GLOBAL);
        self.0.extend_from_slice(format!("{module}\n{name}\n").as_bytes());
    }

    /// Text of less than 4 GiB.
    pub(crate) fn text(&mut self, text: &str) {
        self.0.push(op::BINUNICODE);
        self.0.extend_from_slice(&(text.len() as u32).to_le_bytes());
        self.0.extend_from_slice(text.as_bytes());
    }

    /// A whole number, in as few bytes as it needs.
    pub(crate) fn int(&mut self, number: i64) {
        if let Ok(byte) = u8::try_from(number) {
            self.0.extend_from_slice(&[op::BININT1, byte]);
        } else if let Ok(word) = i32::try_from(number) {
            self.0.push(op::BININT);
            self.0.extend_from_slice(&word.to_le_bytes());
        } else {
            self.0.extend_from_slice(&[op::LONG1, 8]);
            self.0.extend_from_slice(&number.to_le_bytes());
        }
    }

    /// `False`.
    pub(crate) fn no(&mut self) {
        self.0.push(op::NEWFALSE);
    }

    /// `()`.
    pub(crate) fn empty_tuple(&mut self) {
        self.0.push(op::EMPTY_TUPLE);
    }

    /// A tuple of what `items` writes.
    pub(crate) fn tuple(&mut self, items: impl FnOnce(&mut Writer)) {
        self.0.push(op::MARK);
        items(self);
        self.0.push(op::TUPLE);
    }

    /// `{}`.
    pub(crate) fn empty_dict(&mut self) {
        self.0.push(op::EMPTY_DICT);
    }

    /// Sets the entries that `items` writes, key by key and value, in the dict written last.
    pub(crate) fn set_items(&mut self, items: impl FnOnce(&mut Writer)) {
        self.0.push(op::MARK);
        items(self);
        self.0.push(op::SETITEMS);
    }

    /// Calls what was written last but one with the tuple written last.
    pub(crate) fn reduce(&mut self) {
        self.0.push(op::REDUCE);
    }

    /// Sets the attributes of what was written last but one to the dict written last.
    pub(crate) fn build(&mut self) {
        self.0.push(op::BUILD);
    }

    /// Stands for what the tuple written last names outside the pickle.
    pub(crate) fn persistent(&mut self) {
        self.0.push(op::BINPERSID);
    }

    /// The bytes of the pickle.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.0.push(op::STOP);
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_bytes_of_pickletools() {
        let mut pickle = Writer::new();
        pickle.global("collections", "OrderedDict");
        pickle.empty_tuple();
        pickle.reduce();
        pickle.set_items(|p| {
            p.text("é");
            p.tuple(|p| [255, 256, -1, 1 << 40].into_iter().for_each(|n| p.int(n)));
        });
        pickle.empty_dict();
        pickle.build();
        let golden =
            b"\x80\x02ccollections\nOrderedDict\n)R(X\x02\0\0\0\xc3\xa9(K\xffJ\0\x01\0\0J\xff\xff\xff\xff\
            \x8a\x08\0\0\0\0\0\x01\0\0tu}b.";
        assert_eq!(pickle.finish(), golden);
    }
}
