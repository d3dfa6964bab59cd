export const routes = [
  { path: "/", label: "Start" },
  { path: "/new", label: "New" },
  { path: "/books", label: "Books" },
  { path: "/films", label: "Films" },
];

export function first() {
  return routes.at(0);
}

export function last() {
  return routes.at(-1);
}
