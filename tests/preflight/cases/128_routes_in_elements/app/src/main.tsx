import { BrowserRouter, Link, Route, Routes } from "react-router"
import { Admin } from "./Admin"

export const app = (
  <BrowserRouter>
    <Link to="/admin/users" /><Link to="/admin/user" /><Link to="/users" />
    <Routes>
      <Route path="/" element={<Admin />} />
      <Route path="/admin/*" element={<Admin />} />
      <Route path="/shop"><Route path="cart" element={<Admin />} /></Route>
      <Route path="*" element={<Admin />} />
    </Routes>
    <Link to="/shop/cart" /><Link to="/shop/carts" />
  </BrowserRouter>
)
