// Pictures of pages held against approved ones. What counts is what an eye would miss at a glance: colours, and where they
// are. Letters are small and differ between machines, so pictures are shrunk until letters are grey, and a cell may find
// its like a little way off.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const APPROVED = new URL("./approved/", import.meta.url).pathname;
const OUTPUT = new URL("./output/", import.meta.url).pathname;
const APPROVE = Boolean(process.env.APPROVE);

/** Approved pictures are kept at a quarter of their size. */
const KEPT = 4;
/** What is compared: cells of so many pixels of the page. */
const CELL = 8;
/** How far off a cell may find its like, in cells: letters of other widths move what is beside and below them. */
const ASIDE = 3;
const BELOW = 4;
/** How much of a cell's colour may differ, of 255. */
const COLOUR = 26;
/** How many cells in a thousand may find nothing like them. */
const ALONE = 8;

/** Compares pictures; `page` is a page of nothing, whose canvas does the work. */
export class Album {
  #page;
  #wrong = [];
  #seen = [];

  constructor(page) {
    this.#page = page;
  }

  /** Holds a picture against the approved one of this name, or approves it. */
  async hold(name, png) {
    const file = `${APPROVED}${name}.png`;
    this.#seen.push(name);
    if (APPROVE) {
      mkdirSync(APPROVED, { recursive: true });
      writeFileSync(file, await this.#shrink(png));
      return;
    }
    const approved = read(file);
    if (!approved) {
      this.#keep(name, { now: png });
      this.#wrong.push(`${name}: nothing is approved yet`);
      return;
    }
    const { alone, cells, worst, picture } = await this.compare(approved, png);
    if (!differs({ alone, cells })) return;
    this.#keep(name, { approved, now: png, difference: Buffer.from(picture, "base64") });
    this.#wrong.push(`${name}: ${alone} of ${cells} cells are unlike the approved ones, the first at ${worst.x}, ${worst.y}`);
  }

  /** What is wrong, in a text that says what to do; nothing, if all is well. */
  end() {
    if (this.#wrong.length === 0) return "";
    return [
      ...this.#wrong,
      `Look at output/NAME.approved.png, .now.png and .difference.png in ${OUTPUT}`,
      "If they are meant to look so now: APPROVE=1 node --test pictures.test.js, look at what changed, and commit it.",
    ].join("\n");
  }

  /** How two pictures differ: `alone` of `cells` have nothing like them, painted red in `picture`. */
  compare(approved, now) {
    return this.#page.evaluate(inBrowser, { approved: url(approved), now: url(now), CELL, KEPT, ASIDE, BELOW, COLOUR });
  }

  /** As it is kept. */
  async #shrink(png) {
    return Buffer.from(await this.#page.evaluate(shrinkInBrowser, { src: url(png), KEPT }), "base64");
  }

  #keep(name, pictures) {
    mkdirSync(OUTPUT, { recursive: true });
    for (const [what, bytes] of Object.entries(pictures)) writeFileSync(`${OUTPUT}${name}.${what}.png`, bytes);
  }
}

/** Whether it is more than other letters could do. */
export function differs({ alone, cells }) {
  return alone * 1000 > cells * ALONE;
}

/** Begins anew with nothing approved, if that is what was asked. */
export function begin() {
  if (APPROVE) rmSync(APPROVED, { recursive: true, force: true });
}

function read(file) {
  try {
    return readFileSync(file);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    return null;
  }
}

const url = (png) => `data:image/png;base64,${Buffer.from(png).toString("base64")}`;

async function shrinkInBrowser({ src, KEPT }) {
  const image = new Image();
  image.src = src;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(image.width / KEPT);
  canvas.height = Math.ceil(image.height / KEPT);
  const drawing = canvas.getContext("2d");
  drawing.imageSmoothingQuality = "high";
  drawing.drawImage(image, 0, 0, canvas.width, canvas.height);
  // thirty-two steps of each colour are near enough, and half as many bytes
  const pixels = drawing.getImageData(0, 0, canvas.width, canvas.height);
  pixels.data.forEach((value, at) => (pixels.data[at] = at % 4 === 3 ? 255 : Math.min(255, Math.round(value / 8) * 8)));
  drawing.putImageData(pixels, 0, 0);
  return canvas.toDataURL("image/png").split(",")[1];
}

/** Runs in the browser. Either picture may be as it is kept. */
async function inBrowser({ approved, now, CELL, KEPT, ASIDE, BELOW, COLOUR }) {
  const load = async (src) => {
    const image = new Image();
    image.src = src;
    await image.decode();
    return image;
  };
  const images = [await load(approved), await load(now)];
  // the smaller one of two sizes is one that was kept; shrunk the same way, the other is as blurred
  const full = Math.max(images[0].width, images[1].width);
  const cut = (image) => {
    const scale = image.width < full ? 1 : 1 / KEPT;
    const canvas = document.createElement("canvas");
    canvas.width = Math.ceil(image.width * scale);
    canvas.height = Math.ceil(image.height * scale);
    const drawing = canvas.getContext("2d");
    drawing.imageSmoothingQuality = "high";
    drawing.drawImage(image, 0, 0, canvas.width, canvas.height);
    const { data, width, height } = drawing.getImageData(0, 0, canvas.width, canvas.height);
    const size = CELL / KEPT;
    const [columns, rows] = [Math.floor(width / size), Math.floor(height / size)];
    const means = new Float32Array(columns * rows * 3);
    for (let y = 0; y < rows * size; y += 1) {
      for (let x = 0; x < columns * size; x += 1) {
        const cell = (Math.floor(y / size) * columns + Math.floor(x / size)) * 3;
        for (let c = 0; c < 3; c += 1) means[cell + c] += data[(y * width + x) * 4 + c] / (size * size);
      }
    }
    return { means, columns, rows };
  };
  const [one, other] = images.map(cut);
  const likeNear = (from, to, column, row) => {
    const at = (row * from.columns + column) * 3;
    for (let y = Math.max(0, row - BELOW); y <= Math.min(to.rows - 1, row + BELOW); y += 1) {
      for (let x = Math.max(0, column - ASIDE); x <= Math.min(to.columns - 1, column + ASIDE); x += 1) {
        const there = (y * to.columns + x) * 3;
        let apart = 0;
        for (let c = 0; c < 3; c += 1) apart = Math.max(apart, Math.abs(from.means[at + c] - to.means[there + c]));
        if (apart <= COLOUR) return true;
      }
    }
    return false;
  };
  const picture = document.createElement("canvas");
  [picture.width, picture.height] = [full, Math.max(one.rows, other.rows) * CELL];
  const drawing = picture.getContext("2d");
  drawing.drawImage(images[1], 0, 0, full, (images[1].height * full) / images[1].width);
  drawing.fillStyle = "rgb(255 0 0 / 60%)";
  let [alone, worst] = [0, null];
  for (const [from, to] of [[one, other], [other, one]]) {
    for (let row = 0; row < from.rows; row += 1) {
      for (let column = 0; column < from.columns; column += 1) {
        if (likeNear(from, to, column, row)) continue;
        alone += 1;
        worst ??= { x: column * CELL, y: row * CELL };
        drawing.fillRect(column * CELL, row * CELL, CELL, CELL);
      }
    }
  }
  return { alone, cells: one.columns * one.rows, worst, picture: picture.toDataURL("image/png").split(",")[1] };
}
