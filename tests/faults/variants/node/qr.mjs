// QR codes (ISO/IEC 18004) in byte mode with error correction M, versions 1 to 10, as PNG and SVG of an exact size.
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';

const EC_PER_BLOCK = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26];
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5];
const CODEWORDS = [26, 44, 70, 100, 134, 172, 196, 242, 292, 346];
const ALIGNMENT = [[], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50]];
const MASKS = [
  (x, y) => (x + y) % 2,
  (x, y) => y % 2,
  (x) => x % 3,
  (x, y) => (x + y) % 3,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2,
  (x, y) => ((x * y) % 2) + ((x * y) % 3),
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2,
];

function multiply(x, y) {
  let z = 0;
  for (let i = 7; i >= 0; i--) {
    z = (z << 1) ^ ((z >>> 7) * 0x11d);
    z ^= ((y >>> i) & 1) * x;
  }
  return z & 0xff;
}

function divisor(degree) {
  const result = new Array(degree).fill(0);
  result[degree - 1] = 1;
  let root = 1;
  for (let i = 0; i < degree; i++) {
    for (let j = 0; j < degree; j++) {
      result[j] = multiply(result[j], root) ^ (j + 1 < degree ? result[j + 1] : 0);
    }
    root = multiply(root, 2);
  }
  return result;
}

function remainder(data, by) {
  const result = by.map(() => 0);
  for (const byte of data) {
    const factor = byte ^ result.shift();
    result.push(0);
    by.forEach((coefficient, i) => { result[i] ^= multiply(coefficient, factor); });
  }
  return result;
}

function dataCodewords(version) {
  return CODEWORDS[version - 1] - EC_PER_BLOCK[version - 1] * BLOCKS[version - 1];
}

function encoded(bytes) {
  let version = 1;
  const length = (v) => 4 + (v < 10 ? 8 : 16) + bytes.length * 8;
  while (version <= 10 && length(version) > dataCodewords(version) * 8) version++;
  if (version > 10) throw new RangeError('too long for a code of version 10');
  const bits = [];
  const put = (value, count) => { for (let i = count - 1; i >= 0; i--) bits.push((value >>> i) & 1); };
  put(4, 4);
  put(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) put(byte, 8);
  const capacity = dataCodewords(version) * 8;
  put(0, Math.min(4, capacity - bits.length));
  put(0, (8 - (bits.length % 8)) % 8);
  for (let pad = 0xec; bits.length < capacity; pad ^= 0xec ^ 0x11) put(pad, 8);
  const words = [];
  for (let i = 0; i < bits.length; i += 8) words.push(parseInt(bits.slice(i, i + 8).join(''), 2));
  return { version, words: interleaved(version, words) };
}

function interleaved(version, words) {
  const blocks = BLOCKS[version - 1], ec = EC_PER_BLOCK[version - 1], total = CODEWORDS[version - 1];
  const short = blocks - (total % blocks), size = Math.floor(total / blocks), by = divisor(ec);
  const made = [];
  for (let i = 0, at = 0; i < blocks; i++) {
    const data = words.slice(at, at + size - ec + (i < short ? 0 : 1));
    at += data.length;
    const check = remainder(data, by);
    if (i < short) data.push(null);
    made.push(data.concat(check));
  }
  const result = [];
  for (let i = 0; i < made[0].length; i++) for (const block of made) if (block[i] !== null) result.push(block[i]);
  return result;
}

class Matrix {
  constructor(version) {
    this.version = version;
    this.size = version * 4 + 17;
    this.dark = Array.from({ length: this.size }, () => new Array(this.size).fill(false));
    this.fixed = Array.from({ length: this.size }, () => new Array(this.size).fill(false));
    this.drawPatterns();
  }

  set(x, y, dark) {
    this.dark[y][x] = dark;
    this.fixed[y][x] = true;
  }

  drawPatterns() {
    for (let i = 0; i < this.size; i++) {
      this.set(6, i, i % 2 === 0);
      this.set(i, 6, i % 2 === 0);
    }
    for (const [x, y] of [[3, 3], [this.size - 4, 3], [3, this.size - 4]]) this.drawFinder(x, y);
    const places = ALIGNMENT[this.version - 1], last = places.length - 1;
    places.forEach((x, i) => places.forEach((y, j) => {
      if ((i || j) && (i || j !== last) && (i !== last || j)) this.drawAlignment(x, y);
      else if (i && j) this.drawAlignment(x, y);
    }));
    this.drawFormat(0);
    this.drawVersion();
  }

  drawFinder(x, y) {
    for (let dy = -4; dy <= 4; dy++) {
      for (let dx = -4; dx <= 4; dx++) {
        const distance = Math.max(Math.abs(dx), Math.abs(dy)), px = x + dx, py = y + dy;
        if (px >= 0 && px < this.size && py >= 0 && py < this.size) this.set(px, py, distance !== 2 && distance !== 4);
      }
    }
  }

  drawAlignment(x, y) {
    for (let dy = -2; dy <= 2; dy++) {
      for (let dx = -2; dx <= 2; dx++) this.set(x + dx, y + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
    }
  }

  drawFormat(mask) {
    const data = mask; // error correction M is 00
    let rest = data;
    for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >>> 9) * 0x537);
    const bits = ((data << 10) | rest) ^ 0x5412, bit = (i) => ((bits >>> i) & 1) === 1;
    for (let i = 0; i <= 5; i++) this.set(8, i, bit(i));
    this.set(8, 7, bit(6));
    this.set(8, 8, bit(7));
    this.set(7, 8, bit(8));
    for (let i = 9; i < 15; i++) this.set(14 - i, 8, bit(i));
    for (let i = 0; i < 8; i++) this.set(this.size - 1 - i, 8, bit(i));
    for (let i = 8; i < 15; i++) this.set(8, this.size - 15 + i, bit(i));
    this.set(8, this.size - 8, true);
  }

  drawVersion() {
    if (this.version < 7) return;
    let rest = this.version;
    for (let i = 0; i < 12; i++) rest = (rest << 1) ^ ((rest >>> 11) * 0x1f25);
    const bits = (this.version << 12) | rest;
    for (let i = 0; i < 18; i++) {
      const dark = ((bits >>> i) & 1) === 1, a = this.size - 11 + (i % 3), b = Math.floor(i / 3);
      this.set(a, b, dark);
      this.set(b, a, dark);
    }
  }

  drawWords(words) {
    let i = 0;
    for (let right = this.size - 1; right >= 1; right -= 2) {
      if (right === 6) right = 5;
      for (let step = 0; step < this.size; step++) {
        for (const x of [right, right - 1]) {
          const y = ((right + 1) & 2) === 0 ? this.size - 1 - step : step;
          if (!this.fixed[y][x] && i < words.length * 8) {
            this.dark[y][x] = ((words[i >>> 3] >>> (7 - (i & 7))) & 1) === 1;
            i++;
          }
        }
      }
    }
  }

  mask(number) {
    for (let y = 0; y < this.size; y++) {
      for (let x = 0; x < this.size; x++) if (!this.fixed[y][x] && MASKS[number](x, y) === 0) this.dark[y][x] = !this.dark[y][x];
    }
    this.drawFormat(number);
  }

  penalty() {
    let points = 0, dark = 0;
    const at = (x, y) => (this.dark[y][x] ? 1 : 0), lines = [];
    for (let i = 0; i < this.size; i++) {
      lines.push(this.dark[i].map(Number), this.dark.map((row) => Number(row[i])));
    }
    for (const line of lines) {
      const text = line.join('');
      for (const run of text.match(/0{5,}|1{5,}/g) ?? []) points += run.length - 2;
      for (let i = 0; i + 11 <= text.length; i++) {
        const part = text.slice(i, i + 11);
        if (part === '10111010000' || part === '00001011101') points += 40;
      }
    }
    for (let y = 0; y < this.size; y++) {
      for (let x = 0; x < this.size; x++) {
        dark += at(x, y);
        if (x && y && at(x, y) === at(x - 1, y) && at(x, y) === at(x, y - 1) && at(x, y) === at(x - 1, y - 1)) points += 3;
      }
    }
    return points + 10 * Math.floor(Math.abs((dark * 100) / this.size ** 2 - 50) / 5);
  }
}

/** Rows of modules, true for dark. */
export function modules(text) {
  const { version, words } = encoded(Buffer.from(text));
  let best = null;
  for (let mask = 0; mask < 8; mask++) {
    const matrix = new Matrix(version);
    matrix.drawWords(words);
    matrix.mask(mask);
    const points = matrix.penalty();
    if (best === null || points < best.points) best = { points, rows: matrix.dark };
  }
  return best.rows;
}

const CRC = Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]), whole = Buffer.alloc(body.length + 8);
  let crc = 0xffffffff;
  for (const byte of body) crc = CRC[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  whole.writeUInt32BE(data.length, 0);
  body.copy(whole, 4);
  whole.writeUInt32BE((crc ^ 0xffffffff) >>> 0, body.length + 4);
  return whole;
}

function placed(rows, size) {
  const scale = Math.floor(size / (rows.length + 8));
  return { scale, before: Math.floor((size - rows.length * scale) / 2) };
}

export function png(text, size) {
  const rows = modules(text), { scale, before } = placed(rows, size), stride = size + 1;
  const pixels = Buffer.alloc(stride * size, 0xff);
  for (let y = 0; y < size; y++) pixels[y * stride] = 0;
  rows.forEach((row, y) => row.forEach((dark, x) => {
    if (!dark) return;
    for (let dy = 0; dy < scale; dy++) {
      const start = (before + y * scale + dy) * stride + 1 + before + x * scale;
      pixels.fill(0, start, start + scale);
    }
  }));
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 0, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', deflateSync(pixels)), chunk('IEND', Buffer.alloc(0))]);
}

export function svg(text, size) {
  const rows = modules(text), { scale, before } = placed(rows, size), parts = [];
  rows.forEach((row, y) => row.forEach((dark, x) => {
    if (dark) parts.push(`M${before + x * scale},${before + y * scale}h${scale}v${scale}h-${scale}z`);
  }));
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 ${size} ${size}">
<rect width="${size}" height="${size}" fill="white"/><path fill="black" d="${parts.join('')}"/></svg>
`);
}

export function tag(text, kind, size) {
  return `"${createHash('sha256').update(text).digest('hex').slice(0, 20)}.${kind}.${size}"`;
}
