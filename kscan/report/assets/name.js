"use strict";
// The place of one symbol: name.html#NAME.

document.addEventListener("DOMContentLoaded", () => {
  const releases = JSON.parse(document.documentElement.dataset.releases || "[]");
  const place = document.getElementById("symbol");
  const { el, code } = { el: kscan.el.bind(kscan), code: kscan.code.bind(kscan) };

  // A span as kscan.report.browser writes it, with the texts of its chunk.
  function read(span, texts) {
    const [since, to, until, kind, header, value, type, reason, path] = span.slice(0, 9).map(number => texts[number]);
    const [line, offset, bits, size, before, after] = span.slice(9);
    const address = texts[before] + (after === "" ? "" : path + after);
    return { since, to, until, kind, header, value, type, reason, path, line, offset, bits, size, address };
  }

  function table(spans) {
    const head = ["from", "to", "value", "type", "kind", "header", "line"];
    if (spans.some(span => span.size !== null || span.offset !== null)) head.splice(4, 0, "at byte", "size");
    const cells = {
      from: span => span.since,
      to: span => el("span", {}, span.to, span.until ? el("span", { class: "quiet" }, ` (gone: ${span.until})`) : null),
      value: span => (span.reason ? el("span", { class: "quiet" }, span.reason) : code(span.value)),
      type: span => code(span.type),
      kind: span => span.kind.replace("_", " "),
      header: span => code(span.header),
      line: span => kscan.proof(span.address, `${span.path}:${span.line}`),
      "at byte": span => (span.offset === null ? "" :
        `${Math.floor(span.offset / 8)}${span.offset % 8 ? ` bit ${span.offset % 8}` : ""}`),
      size: span => (span.bits === null ? String(span.size ?? "") : `${span.bits} bits`),
    };
    const rows = spans.map(span => el("tr", {}, ...head.map(column => el("td", {}, cells[column](span)))));
    const heads = head.map(column => el("th", { scope: "col" }, column));
    return el("div", { class: "scroll" }, el("table", { class: "plain" }, el("thead", {}, el("tr", {}, ...heads)),
      el("tbody", {}, ...rows)));
  }

  function section(name, group, texts) {
    const spans = group.spans.map(span => read(span, texts));
    const scope = group.scope === "uapi" ? "" : " · the kernel's own";
    const lane = el("div", { class: "lane-of", role: "img", "aria-label": kscan.spoken(group.runs, releases) },
      kscan.lane([group.runs], releases));
    const parts = [
      el("h2", {}, `${group.kind.replace("_", " ")} `, el("span", { class: "quiet" }, `${group.header}${scope}`)),
      el("p", { class: "since" }, group.since.startsWith("v") ? "since " : "", group.since, ": ", kscan.proof(spans[0].address, "the line that proves it")),
      group.note ? el("p", { class: "quiet" }, group.note) : null,
      lane,
      el("p", { class: "ends quiet" }, el("span", {}, releases[0]), el("span", {}, releases.at(-1))),
      table(spans),
    ];
    const record = name.split(".")[0];
    if (group.struct) {
      const href = `structs/${encodeURIComponent(group.struct)}.html`;
      parts.push(el("p", {}, el("a", { href }, "layout of ", code(record))));
    }
    return el("section", {}, ...parts);
  }

  async function show() {
    const name = kscan.asked();
    document.title = `${name || "a name"}: kscan`;
    if (!name) {
      place.replaceChildren(el("h1", {}, "A name"), el("p", {}, "Search one above."));
      return;
    }
    const index = await kscan.load("names");
    // Another may be asked for by now.
    if (kscan.asked() !== name) return;
    const entry = index.find(([known]) => known === name);
    if (!entry) {
      const known = el("p", { class: "quiet" }, "This report does not have it: that says nothing of the kernels.");
      place.replaceChildren(el("h1", {}, code(name)), known);
      return;
    }
    const { texts, names } = await kscan.load(`symbols/${entry[4]}`);
    if (kscan.asked() !== name) return;
    const json = el("a", { href: `api/v1/symbols/${entry[4]}.json` }, "as JSON");
    place.replaceChildren(el("h1", {}, code(name)), ...names[name].map(group => section(name, group, texts)),
      el("p", { class: "quiet" }, json));
  }

  // The link to the content asks for no name.
  window.addEventListener("hashchange", () => location.hash === "#main" || show());
  show();
});
