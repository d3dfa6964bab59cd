import { Route, Routes } from "react-router"

export function Admin() {
  return <Routes><Route path="settings" element={<p />} /></Routes>
}
