import { createBrowserRouter, Link, Navigate, NavLink, Outlet, RouterProvider, useNavigate } from "react-router"

function Page() {
  const navigate = useNavigate()
  return <Link to="/" onClick={() => navigate("/")}><Outlet /><a href="/terms.pdf">x</a><a href="/other.pdf">x</a></Link>
}

const router = createBrowserRouter([
  { path: "/", element: <Page />, children: [
    { index: true, element: <Page /> },
    { path: "recipes", element: <Page /> },
    { path: "recipes/:id", element: <Page /> },
    { path: "docs/*", element: <Page /> },
    { path: ":lang?/about", element: <Page /> },
  ] },
  { path: "*", element: <Page /> },
])

export const app = <><RouterProvider router={router} /><Navigate to="/" /><NavLink to="/" /></>
