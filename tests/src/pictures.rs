use baeum::{Counter, Rng};

use crate::Scratch;

/// Writes `count` PNG pictures of mixed sizes into two folders of `folder`: bright on the left, and bright on the right. Gives
/// how many there are.
///
/// The encoder is written out here, so that no library of ours is its own witness.
pub fn pictures(scratch: &Scratch, folder: &str, count: usize) -> usize {
    draw_pictures(scratch, folder, count, None);
    count
}

/// As many of one height and width.
pub fn pictures_of_size(scratch: &Scratch, folder: &str, count: usize, size: (usize, usize)) {
    draw_pictures(scratch, folder, count, Some(size));
}

fn draw_pictures(scratch: &Scratch, folder: &str, count: usize, size: Option<(usize, usize)>) {
    let draws = Rng::new(5).stream("pictures", "");
    let draw =
        |i: usize, what: u64, below: u32| draws.below(below, Counter::sample(0, what).at(i as u64)) as usize;
    for i in 0..count {
        let (height, width) = size.unwrap_or((5 + draw(i, 0, 40), 5 + draw(i, 1, 40)));
        let side = ["left", "right"][i % 2];
        let noise = |x: usize, y: usize, c: usize| draw((i * 64 + y) * 64 + x, 2 + c as u64, 60) as u8;
        let bright = |x: usize| (x * 2 < width) == (side == "left");
        let pixel = |x: usize, y: usize| [0, 1, 2].map(|c| noise(x, y, c) + if bright(x) { 120 } else { 30 });
        let rows: Vec<u8> = (0..height)
            .flat_map(|y| [vec![0], (0..width).flat_map(|x| pixel(x, y)).collect::<Vec<u8>>()].concat())
            .collect();
        scratch.put(&format!("{folder}/{side}/{i:03}.png"), png(width as u32, height as u32, &rows));
    }
}

/// A colour PNG; `rows`: a filter byte of 0 and three bytes a pixel, row by row, stored without compression.
fn png(width: u32, height: u32, rows: &[u8]) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let mut zlib = vec![0x78, 0x01];
    let blocks: Vec<&[u8]> = rows.chunks(0xffff).collect();
    for (i, block) in blocks.iter().enumerate() {
        let length = block.len() as u16;
        zlib.push(u8::from(i + 1 == blocks.len()));
        zlib.extend([length.to_le_bytes(), (!length).to_le_bytes()].concat());
        zlib.extend_from_slice(block);
    }
    let (a, b) = rows.iter().fold((1u32, 0u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65521;
        (a, (b + a) % 65521)
    });
    zlib.extend((b << 16 | a).to_be_bytes());
    [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", &header), &chunk(b"IDAT", &zlib), &chunk(b"IEND", b"")]
        .concat()
}

fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let named = [&name[..], body].concat();
    let crc = named.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 },
        )
    });
    [&(body.len() as u32).to_be_bytes()[..], &named, &(!crc).to_be_bytes()].concat()
}
