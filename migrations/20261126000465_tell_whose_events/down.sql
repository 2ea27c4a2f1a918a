revoke select (company_id) on events from app_portal;
