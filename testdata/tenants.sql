-- The tables of an application with many tenants, for tenants.yaml.
CREATE TABLE tenants  (id bigint PRIMARY KEY, slug text NOT NULL UNIQUE);
CREATE TABLE projects (id uuid PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES tenants);
CREATE TABLE orders   (id bigint PRIMARY KEY, project_id uuid NOT NULL REFERENCES projects);

INSERT INTO tenants VALUES (1, 'acme'), (2, 'globex'), (3, 'initech'), (4, 'umbrella');
-- Each tenant has two projects, and each project 250 orders.
INSERT INTO projects SELECT md5('project ' || n)::uuid, 1 + n % 4 FROM generate_series(1, 8) n;
INSERT INTO orders SELECT n, md5('project ' || 1 + n % 8)::uuid FROM generate_series(1, 2000) n;
