/** Files for a data set: collected from a choice, a folder or a drop, and told apart. */

const KINDS = {
  pictures: ["jpg", "jpeg", "jfif", "png", "webp", "bmp", "gif", "tif", "tiff"],
  captions: ["txt", "caption"], tables: ["csv", "tsv", "jsonl", "json"], zips: ["zip"],
};
const suffix = (name) => name.split(".").at(-1).toLowerCase();
const kindOf = (name) => Object.keys(KINDS).find((kind) => KINDS[kind].includes(suffix(name)));
const hidden = (path) => path.split("/").some((part) => part.startsWith(".") || part.startsWith("__MACOSX"));

/** What the file choosers offer. */
export const ACCEPT = Object.values(KINDS).flat().map((name) => `.${name}`).join(",");

function entriesOf(reader) {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

async function walk(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push([entry.fullPath.replace(/^\//, ""), file]);
    return;
  }
  const reader = entry.createReader();
  // A reader gives a hundred at a time, and none when it has given all.
  for (let some = await entriesOf(reader); some.length; some = await entriesOf(reader)) {
    for (const one of some) await walk(one, found);
  }
}

/** [path, file] pairs of what was dropped, with what is inside of folders. */
export async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return chosen(transfer.files);
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

/** [path, file] pairs of a file chooser. */
export const chosen = (files) => [...files].map((file) => [file.webkitRelativePath || file.name, file]);

/** What will be sent: `files` by path, without the folder that holds them all; `name` of that folder or file. */
export class Parcel {
  constructor() {
    this.clear();
  }

  clear() {
    this.files = new Map();
    this.unknown = [];
    this.name = "";
  }

  take(pairs) {
    const tops = new Set(pairs.map(([path]) => (path.includes("/") ? path.split("/")[0] : "")));
    const top = tops.size === 1 ? [...tops][0] : "";
    for (const [path, file] of pairs) {
      if (hidden(path)) continue;
      if (!kindOf(path)) this.unknown.push(file.name);
      else this.files.set(top ? path.slice(top.length + 1) : path, file);
    }
    const single = this.files.size === 1 ? [...this.files.values()][0].name.replace(/\.[^.]+$/, "") : "";
    this.name = top || single || this.name;
  }

  /** How many there are of a kind of file. */
  count(kind) {
    return [...this.files.keys()].filter((path) => kindOf(path) === kind).length;
  }

  get bytes() {
    return [...this.files.values()].reduce((sum, file) => sum + file.size, 0);
  }

  /** visual or language, as far as the files tell; "" when they don't. */
  get kind() {
    if (this.count("pictures")) return "visual";
    return this.files.size && !this.count("zips") ? "language" : "";
  }

  /** The first pictures, to be shown. */
  pictures(most) {
    return [...this.files].filter(([path, file]) => kindOf(path) === "pictures" && file.size).slice(0, most).map(([, file]) => file);
  }
}
