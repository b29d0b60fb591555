/** Who is signed in, and which room the panel is looking at. */
import { get, post, setCsrf } from "./api.js";

const RANK = { viewer: 0, operator: 1, owner: 2 };

export const session = { me: null, room: null };

function enter(me) {
  session.me = me;
  setCsrf(me.csrf);
}

/** Whether the caller's role is `role` or a stronger one. */
export const may = (role) => (RANK[session.me?.role] ?? -1) >= RANK[role];

/** Whoever is signed in, as a word to tell him from others; empty when nobody is. */
export const who = () => (session.me ? `${session.me.role} ${session.me.name}` : "");

export const roomPath = (rest = "") => `/rooms/${encodeURIComponent(session.room.id)}${rest}`;

async function openRoom() {
  const rooms = await get("/rooms");
  session.room = rooms.find((r) => r.id === "main") ?? rooms[0] ?? { id: "main", title: "", width: 720, height: 1280 };
}

/** Take up the session of the cookie; false when there is none. */
export async function resume() {
  try {
    enter(await get("/auth/me", { quiet: true }));
    await openRoom();
    return true;
  } catch (error) {
    if (error.status === 401) return false;
    throw error;
  }
}

export async function signIn(token) {
  enter(await post("/auth/login", { token }, { quiet: true }));
  await openRoom();
}

export async function signOut() {
  await post("/auth/logout").catch(() => {});
  forget();
}

export function forget() {
  session.me = null;
  session.room = null;
  setCsrf("");
}
