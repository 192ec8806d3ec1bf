"""The page of a provider: where it works, how busy it is, how it did, and why it was left out."""

from backend.leads.admin.provider_page.page import ProviderPage, build_provider_page, load_of

__all__ = ["ProviderPage", "build_provider_page", "load_of"]
