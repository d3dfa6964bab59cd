export const routes = [
  { path: "/", label: "Home" },
  { path: "/books", label: "Books" },
  { path: "/films", label: "Films" },
];

export function first() {
  return routes.at(0);
}

export function last() {
  return routes[routes.length - 1];
}
