"use strict";
// What every page shares: colours, elements, data that is loaded when it is needed, lanes, the search.
// Pages are opened from disk too, where nothing can be fetched: data comes as scripts that call kscan.take.

document.documentElement.classList.add("scripts");

const kscan = {
  root: document.documentElement.dataset.root,
  data: {},
  waiting: {},

  // Loads data/<name>.js once, or again where that failed; a promise of what it holds.
  load(name) {
    if (!(name in this.waiting)) {
      this.waiting[name] = new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = `${this.root}data/${name}.js`;
        script.onload = () => resolve(this.data[name]);
        script.onerror = () => {
          delete this.waiting[name];
          reject(new Error(`${script.src} cannot be read`));
        };
        document.head.append(script);
      });
    }
    return this.waiting[name];
  },

  take(name, data) {
    this.data[name] = data;
  },

  // What the address asks for after its #, as it stands where that is no encoding.
  asked() {
    const text = location.hash.slice(1);
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  },

  // An element with attributes and children; text is only ever text.
  el(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(name, value);
    made.append(...children.filter(child => child !== null));
    return made;
  },

  code(text) {
    return this.el("code", {}, text);
  },

  // A link to a proof: only where it leads to the web.
  proof(address, text) {
    return /^https?:\/\//.test(address || "") ? this.el("a", { href: address }, text) : this.el("span", {}, text);
  },

  nameLink(name) {
    return this.el("a", { href: `${this.root}name.html#${encodeURIComponent(name)}` }, this.code(name));
  },

  // A line of states, one a release, as "40h15a56p" says: how many, and the first letter of which.
  runs(text) {
    let at = 0;
    return [...text.matchAll(/(\d+)([a-z])/g)].map(([, count, state]) => {
      const first = at;
      at += Number(count);
      return { state, first, last: at - 1 };
    });
  },

  states: { p: "present", a: "absent", h: "no header", u: "not readable", n: "not read" },

  stateAt(text, number) {
    return this.runs(text).find(run => run.first <= number && number <= run.last)?.state;
  },

  // A line of states in words.
  spoken(text, releases) {
    return this.runs(text).map(run => this.inWords(run, releases)).join("; ");
  },

  inWords({ state, first, last }, releases) {
    const span = first === last ? releases[first] : `${releases[first]} to ${releases[last]}`;
    return `${this.states[state]}: ${span}`;
  },

  lane(texts, releases) {
    const svg = (tag, attributes) => {
      const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
      return made;
    };
    const lane = svg("svg", {
      class: "lane", viewBox: `0 0 ${releases.length} ${texts.length}`, preserveAspectRatio: "none",
      "aria-hidden": "true",
    });
    texts.forEach((text, row) => {
      for (const run of this.runs(text)) {
        const { state, first, last } = run;
        const drawn = svg("rect", { x: first, y: row + 0.12, width: last - first + 1, height: 0.76, class: state });
        const title = svg("title", {});
        title.textContent = this.inWords(run, releases);
        drawn.append(title);
        lane.append(drawn);
        // What the oldest has may be older: it is not marked as the first.
        const width = Math.min(1, releases.length / 100);
        if (state === "p" && first > 0) lane.append(svg("rect", { x: first, y: row, width, height: 1, class: "first" }));
      }
    });
    return lane;
  },
};

{
  // The table library looks for a class.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.documentElement.classList.toggle("dark", dark.matches);
  dark.addEventListener("change", follow);
  follow();
}

document.addEventListener("DOMContentLoaded", () => {
  const input = document.getElementById("search");
  const list = document.getElementById("found");
  const status = document.getElementById("found-count");
  let chosen = -1;
  let all = null;

  // All names, short ones first: what is found needs no sorting.
  async function names() {
    if (all === null) {
      const index = await kscan.load("names");
      all = index.map(([name, kind, scope, since]) => ({ name, kind, scope, since, lower: name.toLowerCase() }));
      all.sort((a, b) => a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
    }
    return all;
  }

  function close() {
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(number) {
    const options = [...list.children];
    if (options.length) {
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
    }
    chosen = options.length ? (number + options.length) % options.length : -1;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
    if (chosen >= 0) {
      options[chosen].scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", options[chosen].id);
    }
  }

  async function search() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) {
      status.textContent = "";
      return close();
    }
    const known = await names();
    if (words.join(" ") !== input.value.toLowerCase().trim().replace(/\s+/g, " ")) return undefined;
    const [first] = words;
    const rank = ({ lower, scope }) =>
      (lower === first ? 0 : lower.startsWith(first) ? 1 : 2) * 2 + (scope === "uapi" ? 0 : 1);
    const ranks = [[], [], [], [], [], []];
    for (const hit of known) if (words.every(word => hit.lower.includes(word))) ranks[rank(hit)].push(hit);
    const hits = ranks.flat();
    const options = hits.slice(0, 40).map((hit, at) => {
      const link = kscan.nameLink(hit.name);
      link.tabIndex = -1;
      const said = `${hit.kind.replace("_", " ")}${hit.scope === "uapi" ? "" : ", internal"}`;
      const parts = [link, kscan.el("span", { class: "quiet" }, said), kscan.el("span", {}, hit.since)];
      return kscan.el("li", { role: "option", id: `found-${at}`, "aria-selected": "false" }, ...parts);
    });
    list.replaceChildren(...options);
    list.hidden = options.length === 0;
    input.setAttribute("aria-expanded", String(options.length > 0));
    status.textContent = hits.length === 0 ? "no such name" : hits.length === 1 ? "1 name" : `${hits.length} names`;
    chosen = -1;
    return undefined;
  }

  input.addEventListener("focus", names, { once: true });
  input.addEventListener("input", search);
  input.addEventListener("keydown", event => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(chosen + (event.key === "ArrowDown" ? 1 : chosen < 0 ? 0 : -1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      const link = list.children[Math.max(chosen, 0)]?.querySelector("a");
      if (link && !list.hidden) {
        close();
        location.assign(link.href);
      }
    } else if (event.key === "Escape") {
      close();
    }
  });
  document.addEventListener("click", event => {
    if (!event.target.closest("#search, #found")) close();
  });
  document.addEventListener("keydown", event => {
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      input.focus();
    }
  });
});
