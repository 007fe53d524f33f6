"use strict";
// All names of user space as one table.

document.addEventListener("DOMContentLoaded", async () => {
  const index = await kscan.load("names");
  // A number to order "v4.3", "≤ v2.6.12" or "after v5.12, by v5.14-rc1" by, a candidate before its release.
  const order = since => {
    const [, version, candidate] = since.split(", gone")[0].match(/v([\d.]+)(?:-rc(\d+))?$/) || [];
    if (!version) return Infinity;
    const [major, minor, patch = 0] = version.split(".").map(Number);
    return ((major * 1000 + minor) * 1000 + patch) * 100 + (candidate ? Number(candidate) : 99);
  };
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
