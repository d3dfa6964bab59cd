export const links = [
  { to: "/", label: "Home" },
  { to: "/about", label: "About" },
]

export const footer = links.slice(1)
