// All routes.
// In the order of the menu.
export const routes = [
  { path: "/", label: "Home" },
  { path: "/books", label: "Books" },
  { path: "/films", label: "All films" },
];

export function first() {
  return routes[0];
}

export function last() {
  return routes.at(-1);
}
