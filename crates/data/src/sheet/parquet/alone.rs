//! A group of rows as a file of its own, so that the others need not be in memory: polars wants all bytes of a file.

use std::collections::BTreeMap;

use super::MAGIC;
use super::claims::{Group, dictionary};
use super::thrift::{STRUCT, Thrift};

/// Ends a file of the mark and the columns of the group of this number, with what the whole file says of them at its end.
pub(super) fn end(mut file: Vec<u8>, footer: &Thrift<'_>, number: usize, group: &Group) -> Option<Vec<u8>> {
    let mut alone = footer.list(4).get(number)?.clone();
    let mut start = MAGIC.len() as u64;
    let Some(Thrift::List(_, columns)) = alone.field_mut(1) else { return None };
    for (column, chunk) in columns.iter_mut().zip(&group.chunks) {
        move_to(column.field_mut(3)?, chunk.place.start, start)?;
        start += chunk.place.end - chunk.place.start;
    }
    let Thrift::Struct(fields) = footer else { return None };
    let others = fields.iter().filter(|(number, _)| ![3, 4].contains(*number));
    let mut fields: BTreeMap<_, _> = others.map(|(number, field)| (*number, field.clone())).collect();
    fields.insert(3, (6, Thrift::Integer(group.rows as i64)));
    fields.insert(4, (9, Thrift::List(STRUCT, vec![alone])));
    let before = file.len();
    Thrift::Struct(fields).write(STRUCT, &mut file);
    let length = u32::try_from(file.len() - before).ok()?;
    file.extend(length.to_le_bytes());
    file.extend(MAGIC);
    Some(file)
}

/// Notes that the pages of a column lie somewhere else.
fn move_to(metadata: &mut Thrift<'_>, from: u64, to: u64) -> Option<()> {
    let by = i64::try_from(to).ok()?.checked_sub(i64::try_from(from).ok()?)?;
    if let (None, Thrift::Struct(fields)) = (dictionary(metadata), &mut *metadata) {
        fields.remove(&11);
    }
    for number in [9, 11] {
        if let Some(Thrift::Integer(place)) = metadata.field_mut(number) {
            *place = place.checked_add(by)?;
        }
    }
    Some(())
}
