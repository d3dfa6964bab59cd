export const routes = [
  { path: "/", label: "Start" },
  { path: "/plants", label: "Plants" },
  { path: "/books", label: "Books" },
  { path: "/films", label: "Films" },
];

export function first() {
  return routes[0];
}

export function last() {
  return routes[routes.length - 1];
}
