// What a played server knows of people, duties, escalations and calls. A test reads and changes it as ward.people.

const high = {
  repeat_s: 60,
  steps: [
    { after_s: 0, call: ["stations", "nurse"] },
    { after_s: 30, call: ["buddy", "stations"] },
    { after_s: 60, call: ["charge", "unit"] },
    { after_s: 120, call: ["physician"] },
  ],
};
const worklist = {
  repeat_s: 0,
  steps: [
    { after_s: 0, call: ["worklist"] },
    { after_s: 14400, call: ["technician"] },
  ],
};

export function defaultPolicy() {
  const escalations = {};
  for (const type of ["physiological", "technical", "system"]) {
    for (const priority of ["high", "medium", "low"]) {
      escalations[`${type}/${priority}`] = structuredClone(priority === "low" ? worklist : high);
    }
  }
  return { escalations, failsafe: ["charge"] };
}

const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();

export class FakePeople {
  people = [
    { id: "s1", name: "K. Lee", role: "nurse" },
    { id: "s2", name: "M. Ortiz", role: "nurse" },
    { id: "s3", name: "C. Harge", role: "charge" },
    { id: "s4", name: "P. Adeyemi", role: "physician" },
    { id: "s5", name: "T. Novak", role: "technician" },
  ];
  posts = [
    { duty: "charge", from: ago(180), staff: "s3" },
    { duty: "charge", from: new Date(Date.now() + 5 * 3_600_000).toISOString(), staff: "s2" },
    { duty: "physician", from: ago(180), staff: "s4" },
    { patient: "p1", duty: "nurse", from: ago(170), staff: "s1" },
    { patient: "p1", duty: "buddy", from: ago(170), staff: "s2" },
    { patient: "p2", duty: "nurse", from: ago(170), staff: "s2" },
  ];
  policies = {
    in_force: { version: 0, policy: defaultPolicy(), by: "", at: null, reason: "" },
  };
  offers = [];
  contacts = [];
  channels = ["push", "mail"];
  // A point of P-256, not compressed, as browsers demand: 65 bytes, the first of them 4.
  push_key = Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 7)]).toString("base64url");
  notices = {};
  /** What came by POST, PUT and DELETE, in order. */
  said = [];
  /** The problem that the next change is answered with. */
  refuse = null;

  /** Answers a request about people, or says false. */
  async answer(ward, req, url, json) {
    const path = url.pathname.replace("/api/v1", "");
    if (req.method === "GET") return this.#read(ward, path, url, json);
    if (!/^\/(units|me|notices|alarms)\//.test(path)) return false;
    let text = "";
    for await (const piece of req) text += piece;
    const body = text ? JSON.parse(text) : undefined;
    this.said.push({ route: `${req.method} ${path}`, body });
    if (this.refuse) {
      const { status, detail } = this.refuse;
      this.refuse = null;
      json(status, { title: "No", status, detail });
      return true;
    }
    return this.#write(ward, req.method, path.split("/").slice(1), body, json);
  }

  #read(ward, path, url, json) {
    const now = new Date().toISOString();
    const [, first, id, what] = path.split("/");
    if (what === "roster") json(200, { at: now, posts: this.posts, people: this.people });
    else if (what === "escalation") json(200, this.policies);
    else if (path === "/offers") json(200, { offers: this.offers });
    else if (path === "/me/contacts")
      json(200, { contacts: this.contacts, channels: this.channels, push_key: this.push_key });
    else if (first === "patients" && what === "calls") json(200, this.#plan(id, url.searchParams));
    else if (first === "notices" && this.notices[id]) json(200, this.notices[id]);
    else return false;
    return true;
  }

  #plan(patient, query) {
    const e = this.policies.in_force.policy.escalations[`${query.get("type")}/${query.get("priority")}`];
    const on = (duty) => {
      const post = this.posts.filter((p) => p.duty === duty && (!p.patient || p.patient === patient))[0];
      if (duty === "unit") return this.people.slice(0, 4);
      return this.people.filter((p) => p.id === post?.staff);
    };
    return {
      repeat_s: e.repeat_s,
      steps: e.steps.map((s, step) => {
        const to = s.call.flatMap(on);
        const failsafe = to.length === 0 && step === e.steps.length - 1;
        return { step, after_s: s.after_s, call: s.call, to: failsafe ? on("charge") : to };
      }),
    };
  }

  #write(ward, method, [first, id, what, version], body, json) {
    const done = (status, answer) => {
      json(status, answer);
      return true;
    };
    if (first === "units" && what === "posts") {
      const post = { ...body, from: body.from ?? new Date().toISOString() };
      this.posts.push(post);
      return done(201, post);
    }
    if (first === "units" && method === "PUT") {
      const next = {
        version: 1,
        policy: body.policy,
        by: "K. Lee",
        at: new Date().toISOString(),
        reason: body.reason,
      };
      this.policies.proposed = next;
      return done(201, next);
    }
    if (first === "units" && version) {
      this.policies = {
        in_force: { ...this.policies.proposed, approved_by: "C. Harge", approved_at: ago(0) },
      };
      return done(204);
    }
    if (first === "alarms" && what === "accept") {
      this.offers = this.offers.filter((o) => o.alarm.id !== id);
      return done(204);
    }
    if (first === "alarms" && what === "ack") {
      for (const n of Object.values(this.notices)) {
        if (n.alarm.id === id)
          n.alarm = {
            ...n.alarm,
            state: "active_ack",
            acked_by: "K. Lee",
            acked_at: ago(0),
            version: n.alarm.version + 1,
          };
      }
      return done(200, { alarm: {} });
    }
    if (first === "notices") {
      this.notices[id][body.receipt] ??= new Date().toISOString();
      return done(204);
    }
    if (first === "me" && method === "DELETE") {
      this.contacts = this.contacts.filter((c) => c.id !== what);
      return done(204);
    }
    if (first === "me" && version === "test") return done(204);
    if (first === "me" && method === "POST") {
      const { channel, address } = body;
      const contact = {
        id: `c${this.contacts.length + 1}`,
        channel,
        address,
        added: new Date().toISOString(),
      };
      this.contacts.push(contact);
      return done(201, contact);
    }
    return false;
  }
}
