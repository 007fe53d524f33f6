"use strict";
// All names of user space as one table.

document.addEventListener("DOMContentLoaded", async () => {
  const index = await kscan.load("names");
  const number = new Map(JSON.parse(document.documentElement.dataset.releases).map((tag, at) => [tag, at]));
  const order = since => number.get(since.replace("≤ ", "").split(" by ").at(-1).split(",")[0]) ?? -1;
  kscan.table(document.querySelector("table.names"), {
    data: index.filter(([, , scope]) => scope === "uapi"),
    paging: true,
    pageLength: 50,
    deferRender: true,
    // Text that looks like a tag is text to the filters too.
    columns: [
      { data: 0, type: "string", render: (name, type) => (type === "display" ? kscan.nameLink(name) : name) },
      { data: 1, render: (kind, type) => (type === "display" ? kscan.el("span", {}, kind.replace("_", " ")) : kind) },
      { data: 5, type: "string", render: (header, type) => (type === "display" ? kscan.code(header) : header) },
      { data: 3, render: (since, type) => (type === "display" ? kscan.el("span", {}, since) :
        type === "sort" ? order(since) : since) },
    ],
  });
});
