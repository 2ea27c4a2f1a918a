alter table organizations drop column allowed_email_domains, drop column code_required, drop column longest_expiry_days;
